"""From whom, by which scheme: proxy headers are believed only from configured hops.

Sets REMOTE_ADDR and wsgi.url_scheme before anything looks at them, and HTTP_HOST to the issuer's: the name a request
was sent to never decides anything (no poisoned links), also behind an alias.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any
from urllib.parse import urlsplit

from idp.domain.platform.address_prefixes import parse_address
from idp.http.headers import WSGIApplication

LOCAL_SOCKET = ""
"""REMOTE_ADDR of a peer on our Unix socket: the proxy of this machine, by the socket's file permissions."""


LONGEST_ADDRESS = 64
"""No address is written longer."""

CERTIFICATE = "HTTP_X_CLIENT_CERTIFICATE"
"""What a client showed to our proxy (RFC 8705), which overwrites whatever the client itself wrote there."""


class ProxyHops:
    """WSGI middleware that resolves the peer. `hops` are the networks of our own proxies."""

    def __init__(
        self, application: WSGIApplication, issuer: str, hops: Sequence[IPv4Network | IPv6Network], *, by_socket: bool
    ) -> None:
        self._application = application
        self._host = urlsplit(issuer).netloc
        self._hops = tuple(hops)
        self._by_socket = by_socket
        self._is_hop = lru_cache(4096)(self._belongs_to_us)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        peer = environ.get("REMOTE_ADDR", LOCAL_SOCKET)
        if self._is_hop(peer):
            environ["REMOTE_ADDR"] = self._client(peer, environ.get("HTTP_X_FORWARDED_FOR", ""))
            scheme = environ.get("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip()
            if scheme in ("http", "https"):
                environ["wsgi.url_scheme"] = scheme
        else:
            environ.pop(CERTIFICATE, None)
        environ["HTTP_HOST"] = self._host
        return self._application(environ, start_response)

    def _client(self, peer: str, forwarded: str) -> str:
        """The nearest address that is not one of our hops, read from the right: the left can be invented."""
        for item in reversed(forwarded.split(",")):
            address = _readable(item.strip())
            if address is None:
                break
            peer = address
            if not self._is_hop(address):
                break
        return peer

    def _belongs_to_us(self, address: str) -> bool:
        if address == LOCAL_SOCKET or address.startswith("unix"):
            return self._by_socket
        parsed = _parsed(address)
        return parsed is not None and any(parsed in hop for hop in self._hops)


def _readable(text: str) -> str | None:
    address = _parsed(text) if len(text) <= LONGEST_ADDRESS else None
    return None if address is None else str(address)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    return parse_address(text.removeprefix("[").removesuffix("]"))
