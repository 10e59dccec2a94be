"""openid-client as a device without a keyboard, and as an API that calls the next one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bench.browser import Browser
from tests.interop.gateway import gateway_with
from tests.interop.openid_client import BY_KEY, BY_SECRET, CALLBACK, PUBLIC, PUBLICLY, SECRET, Opens, run, sends
from tests.interop.visitor import TRIPLET, Visitor

ORDERS, STOCK = "https://orders.interop.example", "https://stock.interop.example"
GRANTS = "urn:ietf:params:oauth:grant-type"
REGISTRY = f"""clients:
  - client_id: device
    client_name: Borne
    token_endpoint_auth_method: none
    redirect_uris: []
    grant_types: ["{GRANTS}:device_code"]
    scope: openid profile organization
  - client_id: portal
    client_name: Portal
    client_secret: env:INTEROP_SECRET
    redirect_uris: [{CALLBACK}]
    scope: openid profile organization
  - client_id: orders
    client_name: Orders
    token_endpoint_auth_method: private_key_jwt
    token_endpoint_auth_signing_alg: ES256
    jwks: file:jwks.json
    redirect_uris: []
    grant_types: ["{GRANTS}:token-exchange"]
    may_exchange_for: [portal]
    scope: openid profile organization
resources:
  - identifier: {ORDERS}
    owner: orders
    clients: [portal]
  - identifier: {STOCK}
    owner: orders
    clients: [orders]
"""


@pytest.fixture(scope="module")
def gateway(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("gateway")
    (folder / "jwks.json").write_text(PUBLIC)
    with gateway_with(REGISTRY, migrated_sqlite, folder, INTEROP_SECRET=SECRET) as issuer:
        yield issuer


def answers(gateway: str, decision: str, outcome: str) -> Opens:
    """A person at another machine, who says this of the device."""

    def opens(address: str) -> str:
        browser = Browser(gateway, {"Accept": "text/html"})
        parts = urlsplit(address)
        fields = {**TRIPLET, "decision": decision}
        end = browser.follow(f"{parts.path}?{parts.query}", until=f"{gateway}/device/{outcome}", fields=fields)
        browser.close()
        return end

    return opens


def test_a_device_polls_until_its_person_said_yes(gateway: str) -> None:
    """RFC 8628 sections 3.4 and 3.5: too early, too fast, then tokens, once."""
    told = run(gateway, "device", "device", answers(gateway, "allow", "approved"), **PUBLICLY)
    early = ["authorization_pending", "slow_down"]
    assert told == {"early": early, "siret": "99900037500017", "spent": "invalid_grant"}


def test_a_device_hears_no(gateway: str) -> None:
    """RFC 8628 section 3.5."""
    opens = answers(gateway, "refuse", "denied")
    assert run(gateway, "device", "refusedDevice", opens, **PUBLICLY) == "access_denied"


def test_an_api_exchanges_the_token_it_was_called_with(gateway: str, visitor: Visitor) -> None:
    """RFC 8693 sections 2 and 4.1: for the next API, of the same person, and it says who acts."""
    called = run(gateway, "portal", "token", sends(visitor), RESOURCE=ORDERS, **BY_SECRET)
    settings = {"SUBJECT_TOKEN": called["token"], **BY_KEY}
    told = run(gateway, "orders", "exchange", sends(visitor), RESOURCE=STOCK, **settings)
    assert told["kind"] == "urn:ietf:params:oauth:token-type:access_token"
    assert (told["payload"]["aud"], told["payload"]["act"]) == (STOCK, {"sub": "orders"})
    refused = run(gateway, "orders", "refusedExchange", sends(visitor), RESOURCE=ORDERS, **settings)
    assert refused == "invalid_target", "an API that does not name this client"
