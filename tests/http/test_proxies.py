"""From whom and by which scheme: what a peer may say of others, and what it may not."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from idp.http.proxies import ProxyHops

HOPS = [ip_network("10.0.0.0/8"), ip_network("::1/128")]


def resolve(peer: str, *, by_socket: bool = False, **headers: str) -> tuple[str, str]:
    """The address and scheme that the application sees."""
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], _start: Any) -> list[bytes]:
        seen.update(environ)
        return []

    environ = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http", "HTTP_HOST": "evil.example"}
    environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    ProxyHops(application, "https://connexion.example.fr", HOPS, by_socket=by_socket)(environ, lambda *_: None)
    assert "connexion.example.fr" == seen["HTTP_HOST"], "the Host header decides nothing"
    return seen["REMOTE_ADDR"], seen["wsgi.url_scheme"]


def test_a_configured_hop_is_believed() -> None:
    assert ("203.0.113.7", "https") == resolve("10.1.2.3", x_forwarded_for="203.0.113.7", x_forwarded_proto="https")


def test_anybody_else_is_not() -> None:
    assert ("198.51.100.1", "http") == resolve("198.51.100.1", x_forwarded_for="203.0.113.7", x_forwarded_proto="https")


def test_what_a_client_invents_on_the_left_is_not_read() -> None:
    assert "203.0.113.7" == resolve("10.1.2.3", x_forwarded_for="1.1.1.1, 203.0.113.7, 10.9.9.9")[0]


@pytest.mark.parametrize("invented", ["nonsense", "", "<script>", "203.0.113.7, nonsense"])
def test_an_unreadable_address_stops_the_reading(invented: str) -> None:
    assert "10.1.2.3" == resolve("10.1.2.3", x_forwarded_for=invented)[0]


def test_only_the_nearest_hop_names_the_scheme() -> None:
    assert "http" == resolve("10.1.2.3", x_forwarded_proto="https, http")[1]
    assert "http" == resolve("10.1.2.3", x_forwarded_proto="gopher")[1]


def test_ipv6_and_mapped_addresses() -> None:
    assert "2001:db8::7" == resolve("::1", x_forwarded_for="[2001:db8::7]")[0]
    assert "203.0.113.7" == resolve("::ffff:10.1.2.3", x_forwarded_for="::ffff:203.0.113.7")[0]


def test_a_unix_socket_is_our_own_proxy_only_when_we_listen_on_one() -> None:
    assert "203.0.113.7" == resolve("", by_socket=True, x_forwarded_for="203.0.113.7")[0]
    assert "" == resolve("", x_forwarded_for="203.0.113.7")[0]
