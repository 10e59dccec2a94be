"""The npm package openid-client is a portal of the gateway, by every way it knows to prove itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.gateway import gateway_with
from tests.interop.openid_client import (
    BY_KEY,
    BY_SECRET,
    CALLBACK,
    PUBLIC,
    PUBLICLY,
    SECRET,
    SIGNED_OUT,
    run,
    sends,
)
from tests.interop.visitor import Visitor

RESOURCE = "https://api.interop.example"
COMMON = f"""    redirect_uris: [{CALLBACK}]
    post_logout_redirect_uris: [{SIGNED_OUT}]
    grant_types: [authorization_code, refresh_token, client_credentials]
    scope: openid profile organization
"""
REGISTRY = f"""clients:
  - client_id: basic
    client_name: Basic
    client_secret: env:INTEROP_SECRET
{COMMON}
  - client_id: post
    client_name: Post
    token_endpoint_auth_method: client_secret_post
    client_secret: env:INTEROP_SECRET
{COMMON}
  - client_id: key
    client_name: Key
    token_endpoint_auth_method: private_key_jwt
    token_endpoint_auth_signing_alg: ES256
    jwks: file:jwks.json
{COMMON}
  - client_id: public
    client_name: Public
    token_endpoint_auth_method: none
    redirect_uris: [{CALLBACK}]
    scope: openid profile organization
resources:
  - identifier: {RESOURCE}
    owner: basic
    clients: [basic, key]
"""


@pytest.fixture(scope="module")
def gateway(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("gateway")
    (folder / "jwks.json").write_text(PUBLIC)
    with gateway_with(REGISTRY, migrated_sqlite, folder, INTEROP_SECRET=SECRET) as issuer:
        yield issuer


@pytest.mark.parametrize(("client", "proof"), [("basic", BY_SECRET), ("key", BY_KEY)], ids=["basic", "key"])
def test_it_signs_in_refreshes_introspects_and_revokes(
    gateway: str, client: str, proof: dict[str, str], visitor: Visitor
) -> None:
    told = run(gateway, client, "plain", sends(visitor), **proof)
    assert told.pop("sub")
    assert told == {
        "siret": "99900037500017",
        "same": True,
        "type": "bearer",
        "refreshed": True,
        "before": True,
        "after": False,
    }


@pytest.mark.parametrize(("client", "proof"), [("post", BY_SECRET), ("public", PUBLICLY)], ids=["post", "public"])
def test_it_signs_in(gateway: str, client: str, proof: dict[str, str], visitor: Visitor) -> None:
    assert run(gateway, client, "brief", sends(visitor), **proof)["siret"] == "99900037500017"


def test_it_signs_out(gateway: str, visitor: Visitor) -> None:
    told = run(gateway, "basic", "logout", sends(visitor), **BY_SECRET)
    assert told["arrived"] == f"{SIGNED_OUT}?state=the+state"


def test_a_machine_asks_in_its_own_name(gateway: str, visitor: Visitor) -> None:
    told = run(gateway, "key", "machine", sends(visitor), RESOURCE=RESOURCE, **BY_KEY)
    assert (told["type"], told["payload"]["sub"], told["payload"]["aud"]) == ("bearer", "key", RESOURCE)
