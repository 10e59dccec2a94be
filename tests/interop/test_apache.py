"""Debian's mod_auth_openidc, as shipped, is a portal of the gateway: sign in, single sign-out by the back channel."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.interop.apache import apache
from tests.interop.gateway import gateway_with
from tests.interop.visitor import Visitor
from tests.ports import free_port

SECRET = secrets.token_urlsafe(32)
REGISTRY = """clients:
  - client_id: apache
    client_name: Apache
    redirect_uris: [http://127.0.0.1:{port}/me/callback]
    post_logout_redirect_uris: [http://127.0.0.1:{port}/]
    backchannel_logout_uri: http://127.0.0.1:{port}/me/callback?logout=backchannel
    backchannel_logout_session_required: true
    scope: openid profile organization
    client_secret: env:APACHE_SECRET
"""


@pytest.fixture
def portal(migrated_sqlite: Path, tmp_path: Path) -> Iterator[str]:
    port = free_port()
    allowed = {"APACHE_SECRET": SECRET, "IDP_OUTBOUND_ALLOW": f"127.0.0.1:{port}"}
    with (
        gateway_with(REGISTRY.format(port=port), migrated_sqlite, tmp_path, **allowed) as issuer,
        apache(port, issuer, SECRET) as portal,
    ):
        yield portal


def test_a_person_signs_in_and_apache_knows_who(portal: str, visitor: Visitor) -> None:
    address, page = visitor.go(f"{portal}/me/")
    assert (address, page) == (f"{portal}/me/", "<title>pages/me/index.html</title>")
    headers = visitor.headers(f"{portal}/me/")
    assert headers["X-Siret"] == "99900037500017"
    assert headers["X-User"]


def test_signing_out_at_apache_signs_out_of_the_gateway(portal: str, visitor: Visitor) -> None:
    visitor.go(f"{portal}/me/")
    address, _ = visitor.go(f"{portal}/me/callback?logout=http%3A%2F%2F127.0.0.1%3A{portal.rpartition(':')[2]}%2F")
    assert address == f"{portal}/"
    assert asks_for_a_password(visitor, portal)


def test_signing_out_at_the_gateway_signs_out_of_apache(portal: str, visitor: Visitor) -> None:
    visitor.go(f"{portal}/me/")
    gateway = next(site for site in visitor.sites if site != portal)
    assert visitor.headers(f"{portal}/me/")["X-User"]
    visitor.submit(f"{gateway}/end-session")
    assert "X-User" not in visitor.headers(f"{portal}/me/")
    assert asks_for_a_password(visitor, portal)


def test_signing_out_ends_the_session_of_that_browser_at_apache_and_no_other(portal: str, visitor: Visitor) -> None:
    """Back-Channel Logout section 2.4: the token names one `sid`; the same person stays signed in elsewhere."""
    with closing(Visitor()) as elsewhere:
        for person in (visitor, elsewhere):
            person.go(f"{portal}/me/")
        gateway = next(site for site in visitor.sites if site != portal)
        visitor.submit(f"{gateway}/end-session")
        assert "X-User" not in visitor.headers(f"{portal}/me/")
        assert elsewhere.headers(f"{portal}/me/")["X-User"]


def asks_for_a_password(visitor: Visitor, portal: str) -> bool:
    """The portal sends to the gateway, which knows nobody any more."""
    return 'name="password"' in visitor.go(f"{portal}/me/", fill=False)[1]
