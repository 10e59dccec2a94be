"""openid-client binds its tokens to a key (DPoP), and is a FAPI 2.0 client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.gateway import gateway_with
from tests.interop.openid_client import BY_KEY, BY_SECRET, CALLBACK, PUBLIC, PUBLICLY, SECRET, run, sends
from tests.interop.visitor import Visitor

SIRET = "99900037500017"
COMMON = f"""    redirect_uris: [{CALLBACK}]
    grant_types: [authorization_code, refresh_token]
    scope: openid profile organization
    dpop_bound_access_tokens: true
    require_dpop_nonce: true
"""
REGISTRY = f"""clients:
  - client_id: confidential
    client_name: Confidential
    client_secret: env:INTEROP_SECRET
{COMMON}
  - client_id: public
    client_name: Public
    token_endpoint_auth_method: none
{COMMON}
  - client_id: fapi
    client_name: FAPI
    profile: fapi2_message_signing
    token_endpoint_auth_method: private_key_jwt
    token_endpoint_auth_signing_alg: ES256
    authorization_signed_response_alg: ES256
    jwks: file:jwks.json
{COMMON}
"""
PROOFS = [("confidential", BY_SECRET), ("public", PUBLICLY)]


@pytest.fixture(scope="module")
def gateway(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("gateway")
    (folder / "jwks.json").write_text(PUBLIC)
    with gateway_with(REGISTRY, migrated_sqlite, folder, INTEROP_SECRET=SECRET) as issuer:
        yield issuer


@pytest.mark.parametrize(("client", "proof"), PROOFS, ids=["confidential", "public"])
def test_it_proves_its_key_with_nonces_of_the_gateway(
    gateway: str, client: str, proof: dict[str, str], visitor: Visitor
) -> None:
    """RFC 9449 sections 5 and 8: told once which nonce is wanted, it puts the newest into every later proof."""
    told = run(gateway, client, "dpop", sends(visitor), **proof)
    assert told == {"siret": SIRET, "type": "dpop", "again": "dpop", "nonces": 1}


def test_introspection_tells_the_key(gateway: str, visitor: Visitor) -> None:
    """RFC 9449 section 6.2."""
    assert run(gateway, "confidential", "introspected", sends(visitor), **BY_SECRET) == {"bound": True}


def test_who_steals_its_tokens_has_nothing(gateway: str, visitor: Visitor) -> None:
    """RFC 9449 sections 5 and 7.1, with another key and as bearer; the owner, afterwards, is the control."""
    told = run(gateway, "public", "thief", sends(visitor), **PUBLICLY)
    assert told["owner"] == SIRET
    assert told["stolen"] == ["invalid_token", "invalid_token", "invalid_grant"]


def test_it_is_a_fapi_client(gateway: str, visitor: Visitor) -> None:
    """FAPI 2.0 Message Signing: private_key_jwt, a signed and pushed request, DPoP, a signed answer."""
    told = run(gateway, "fapi", "fapi", sends(visitor), **BY_KEY)
    assert told == {
        "siret": SIRET,
        "type": "dpop",
        "asked": ["client_id", "request_uri"],
        "arrived": ["response"],
        "bound": True,
        "rotated": False,
    }
