"""The one client that calls other hosts. Partners write the addresses, so each call is a possible SSRF.

https only, public addresses only, resolved once and connected to exactly that address (a second look-up could answer
127.0.0.1), no redirects, one deadline for everything, a bounded answer. IDP_OUTBOUND_ALLOW admits exactly what it
names.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from urllib.parse import urlencode, urlsplit

import httpcore

from idp.adapters.outbound_network import GuardedNetwork, Resolver, system_resolver
from idp.domain.platform.outbound_rules import AllowedDestinations

DEADLINE_SECONDS = 5.0
LONGEST_ANSWER = 256 * 1024


class OutboundRefusal(StrEnum):
    """Why there is no answer."""

    FORBIDDEN = "forbidden_destination"
    UNREACHABLE = "unreachable"
    TOO_SLOW = "too_slow"
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class OutboundAnswer:
    """What the other host said; a redirect is an answer like any other and is never followed."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OutboundFailure:
    """No answer, and why."""

    reason: OutboundRefusal


class Outbound:
    """Safe to share between threads: every call has a connection of its own."""

    def __init__(
        self,
        allow: Sequence[str] = (),
        ca_file: str = "",
        *,
        resolver: Resolver = system_resolver,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._allowed = AllowedDestinations.parse(allow)
        self._resolver = resolver
        self._deadline_seconds = deadline_seconds
        self._ca_file = ca_file
        if ca_file:  # a wrong file stops the start; without one the system's authorities wait for the first call
            self._authorities = self._load_authorities()

    @cached_property
    def _authorities(self) -> ssl.SSLContext:
        """Whom we believe: loading the system's authorities costs every start a tenth of a second, and few call."""
        return self._load_authorities()

    def _load_authorities(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._ca_file:
            context.load_verify_locations(self._ca_file)
        return context

    def get(self, url: str) -> OutboundAnswer | OutboundFailure:
        """GET `url`."""
        return self._send("GET", url, {"Accept": "application/json"}, b"")

    def get_picture(self, url: str) -> OutboundAnswer | OutboundFailure:
        """GET `url`, for who serves pictures only to those that ask for one."""
        return self._send("GET", url, {"Accept": "image/png, image/jpeg, image/gif"}, b"")

    def get_page(self, url: str) -> OutboundAnswer | OutboundFailure:
        """GET `url` as a browser asks for a page, but without any cookie."""
        return self._send("GET", url, {"Accept": "text/html, application/xhtml+xml"}, b"")

    def post_form(self, url: str, fields: Mapping[str, str]) -> OutboundAnswer | OutboundFailure:
        """POST `fields` as application/x-www-form-urlencoded."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._send("POST", url, headers, urlencode(fields).encode())

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> OutboundAnswer | OutboundFailure:
        if not self._may_try(url):
            return OutboundFailure(OutboundRefusal.FORBIDDEN)
        deadline = time.monotonic() + self._deadline_seconds
        secure = urlsplit(url).scheme == "https"
        network = GuardedNetwork(self._allowed, self._resolver, deadline, must_be_listed=not secure)
        try:
            with (
                httpcore.ConnectionPool(ssl_context=self._authorities, network_backend=network) as pool,
                pool.stream(method, url, headers=[*headers.items(), ("User-Agent", "mire")], content=body) as response,
            ):
                return _read(response)
        except httpcore.TimeoutException:
            return OutboundFailure(OutboundRefusal.TOO_SLOW)
        except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError, OSError):
            reason = OutboundRefusal.FORBIDDEN if network.refused else OutboundRefusal.UNREACHABLE
            return OutboundFailure(reason)

    def _may_try(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return False
        if not parts.hostname or parts.username is not None or not url.isascii() or not url.isprintable():
            return False
        if parts.scheme == "http":
            return self._allowed.may_admit_plain(parts.hostname, 80 if port is None else port)
        return parts.scheme == "https"


def _read(response: httpcore.Response) -> OutboundAnswer | OutboundFailure:
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > LONGEST_ANSWER:
            return OutboundFailure(OutboundRefusal.TOO_LARGE)
    return OutboundAnswer(response.status, bytes(body), _joined(response.headers))


def _joined(fields: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """One value a name, in order (RFC 9110 section 5.3): a page obeys each of its policies, not the last one."""
    headers: dict[str, str] = {}
    for name, value in ((name.decode("ascii").lower(), value.decode("latin-1")) for name, value in fields):
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


class QuietOutbound(Outbound):
    """Calls nobody: remembers (method, url, fields) and gives the answers it was told to, else 200 with no body."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, str, dict[str, str]]] = []
        self.answers: dict[str, OutboundAnswer | OutboundFailure] = {}

    def get(self, url: str) -> OutboundAnswer | OutboundFailure:
        return self._record("GET", url, {})

    def get_picture(self, url: str) -> OutboundAnswer | OutboundFailure:
        return self._record("GET", url, {})

    def get_page(self, url: str) -> OutboundAnswer | OutboundFailure:
        return self._record("GET", url, {})

    def post_form(self, url: str, fields: Mapping[str, str]) -> OutboundAnswer | OutboundFailure:
        return self._record("POST", url, dict(fields))

    def _record(self, method: str, url: str, fields: dict[str, str]) -> OutboundAnswer | OutboundFailure:
        self.calls.append((method, url, fields))
        return self.answers.get(url, OutboundAnswer(200, b"", {}))
