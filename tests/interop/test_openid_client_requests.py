"""openid-client sends its request and takes the answer in every form that is announced: PAR, JAR, JARM, `iss`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.interop.gateway import gateway_with
from tests.interop.openid_client import BY_KEY, BY_SECRET, CALLBACK, PUBLIC, SECRET, run, sends
from tests.interop.visitor import Visitor

SIRET = "99900037500017"
ANSWER = ["code", "iss", "state"]
COMMON = f"""    redirect_uris: [{CALLBACK}]
    scope: openid profile organization
"""
BY_SIGNATURE = f"""    token_endpoint_auth_method: private_key_jwt
    jwks: file:jwks.json
    require_signed_request_object: true
{COMMON}"""
REGISTRY = f"""clients:
  - client_id: plain
    client_name: Plain
    client_secret: env:INTEROP_SECRET
{COMMON}
  - client_id: pushing
    client_name: Pushing
    client_secret: env:INTEROP_SECRET
    require_pushed_authorization_requests: true
{COMMON}
  - client_id: signing
    client_name: Signing
{BY_SIGNATURE}
  - client_id: both
    client_name: Signing and pushing
    require_pushed_authorization_requests: true
{BY_SIGNATURE}
"""


@pytest.fixture(scope="module")
def gateway(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("gateway")
    (folder / "jwks.json").write_text(PUBLIC)
    with gateway_with(REGISTRY, migrated_sqlite, folder, INTEROP_SECRET=SECRET) as issuer:
        yield issuer


def test_it_pushes_its_request(gateway: str, visitor: Visitor) -> None:
    """RFC 9126 section 4: the browser carries a reference only."""
    told = run(gateway, "pushing", "pushed", sends(visitor), **BY_SECRET)
    assert told == {"siret": SIRET, "asked": ["client_id", "request_uri"], "arrived": ANSWER}


def test_it_signs_its_request(gateway: str, visitor: Visitor) -> None:
    """RFC 9101 section 5.1: by value."""
    told = run(gateway, "signing", "signed", sends(visitor), **BY_KEY)
    assert told == {"siret": SIRET, "asked": ["client_id", "request"], "arrived": ANSWER}


def test_it_pushes_a_signed_request(gateway: str, visitor: Visitor) -> None:
    """RFC 9126 section 3."""
    told = run(gateway, "both", "pushedAndSigned", sends(visitor), **BY_KEY)
    assert told == {"siret": SIRET, "asked": ["client_id", "request_uri"], "arrived": ANSWER}


def test_it_takes_a_signed_answer(gateway: str, visitor: Visitor) -> None:
    """JARM section 2.3: signature, issuer, audience and date are checked by openid-client."""
    told = run(gateway, "plain", "jarm", sends(visitor), **BY_SECRET)
    assert (told["siret"], "response_mode" in told["asked"], told["arrived"]) == (SIRET, True, ["response"])


def test_it_refuses_an_answer_that_another_server_gave(gateway: str, visitor: Visitor) -> None:
    """RFC 9207 section 2.4, the mix-up: `iss` is announced, so a wrong one and none are refused. First the control."""
    honest = sends(visitor)
    ours = f"iss={quote(gateway, safe='')}"

    def mixed_up(address: str) -> str:
        arrived = honest(address)
        assert ours in arrived
        return arrived.replace(ours, "iss=https%3A%2F%2Fanother.example")

    def silent(address: str) -> str:
        return honest(address).replace(f"&{ours}", "")

    assert run(gateway, "plain", "query", honest, **BY_SECRET)["siret"] == SIRET
    for opens in (mixed_up, silent):
        assert run(gateway, "plain", "refused", opens, **BY_SECRET) == "OAUTH_INVALID_RESPONSE"
