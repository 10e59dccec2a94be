"""What the tokens say and how they are signed (RFC 9068, OpenID Connect Core section 2)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import update

from idp.domain.platform.instants import HOUR, to_seconds
from idp.domain.portals.clients import SigningAlgorithm
from idp.domain.portals.subjects import client_subject
from idp.domain.portals.tokens import at_hash
from idp.store.people.accounts import accounts
from idp.usecases.deps import Deps
from tests.oauth.conftest import ISSUER, PAY_API, STOCK_API, Codes, Posts

# joserfc warns of the name `EdDSA` (RFC 9864); it is the one that partners register.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
Tokens = Callable[..., dict[str, Any]]


def verified(deps: Deps, token: str, alg: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims as a partner's library reads them, with nothing but our published keys."""
    keys = KeySet.import_key_set(json.loads(deps.signer.jwks()))
    decoded = jwt.decode(token, keys, algorithms=[alg])
    return decoded.header, decoded.claims


def test_an_access_token_says_who_gave_it_to_whom_for_what(deps: Deps, tokens: Tokens) -> None:
    header, claims = verified(deps, tokens()["access_token"], "ES256")
    now = to_seconds(deps.clock.now())
    assert ("at+jwt", "ES256") == (header["typ"], header["alg"])
    assert {
        "iss": ISSUER, "sub": "s1", "aud": ISSUER, "client_id": "portal", "scope": "openid email profile",
        "iat": now, "exp": now + 300, "auth_time": now, "acr": "eidas1", "sid": "sid-of-portal", "gid": "grant-1",
    } == {name: value for name, value in claims.items() if name != "jti"}  # fmt: skip
    assert len(claims["jti"]) >= 22


def test_each_access_token_has_its_own_jti(deps: Deps, tokens: Tokens) -> None:
    assert 2 == len({verified(deps, tokens()["access_token"], "ES256")[1]["jti"] for _ in range(2)})


def test_an_id_token_says_how_and_when_the_person_signed_in_and_nothing_of_who(deps: Deps, tokens: Tokens) -> None:
    given = tokens()
    header, claims = verified(deps, given["id_token"], "RS256")
    now = to_seconds(deps.clock.now())
    assert "RS256" == header["alg"]
    assert {
        "iss": ISSUER, "sub": "s1", "aud": "portal", "exp": now + 300, "iat": now, "auth_time": now,
        "acr": "eidas1", "amr": ["pwd"], "channel": "top", "sid": "sid-of-portal", "nonce": "n-1",
        "at_hash": at_hash(given["access_token"], SigningAlgorithm.RS256),
    } == claims  # fmt: skip


def test_at_hash_is_the_one_of_the_text() -> None:
    """The example of OpenID Connect Core appendix A.3 and A.4."""
    assert "77QmUPtjPfzWtF2AnpK9RQ" == at_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", SigningAlgorithm.RS256)


@pytest.mark.parametrize("alg", list(SigningAlgorithm))
def test_an_id_token_is_signed_as_its_client_is_registered(deps: Deps, tokens: Tokens, alg: SigningAlgorithm) -> None:
    given = tokens(f"signed-{alg}")
    header, claims = verified(deps, given["id_token"], alg)
    assert alg == header["alg"]
    assert at_hash(given["access_token"], alg) == claims["at_hash"]


def test_no_nonce_sent_no_nonce_said(deps: Deps, tokens: Tokens) -> None:
    assert "nonce" not in verified(deps, tokens(nonce="")["id_token"], "RS256")[1]


def test_auth_time_is_the_sign_in_and_not_the_code(deps: Deps, tokens: Tokens) -> None:
    earlier = deps.clock.now() - HOUR
    given = tokens(auth_time=earlier)
    assert to_seconds(earlier) == verified(deps, given["id_token"], "RS256")[1]["auth_time"]


def test_the_claims_parameter_puts_single_claims_in_the_id_token(deps: Deps, tokens: Tokens) -> None:
    given = tokens(
        claims_request={"id_token": {"siret": {"essential": True}, "email": None}, "userinfo": {"name": None}}
    )
    claims = verified(deps, given["id_token"], "RS256")[1]
    assert ("99900037500017", "claire@example.fr") == (claims["siret"], claims["email"])
    assert "name" not in claims


def test_a_client_may_be_registered_for_the_claims_of_its_scopes_in_the_id_token(deps: Deps, tokens: Tokens) -> None:
    claims = verified(deps, tokens("telling", scope="openid email organization")["id_token"], "RS256")[1]
    assert ("claire@example.fr", "GIP MDS") == (claims["email"], claims["organization_label"])
    assert "name" not in claims


def test_a_claim_of_a_person_never_replaces_one_of_the_protocol(deps: Deps, tokens: Tokens) -> None:
    given = tokens("telling", claims_request={"id_token": {"sub": {"value": "someone-else"}, "iss": None}})
    claims = verified(deps, given["id_token"], "RS256")[1]
    assert ("s1", ISSUER) == (claims["sub"], claims["iss"])


def test_a_pairwise_client_knows_the_person_under_a_name_of_its_sector(deps: Deps, tokens: Tokens) -> None:
    given = tokens("pair", scope="openid uid")
    client = deps.registry().find("pair")
    assert client is not None
    expected = client_subject(client, "s1", deps.pairwise_salt())
    assert "s1" != expected
    assert expected == verified(deps, given["id_token"], "RS256")[1]["sub"]
    assert expected == verified(deps, given["access_token"], "ES256")[1]["sub"]


def test_the_session_is_known_to_each_client_under_another_name(deps: Deps, tokens: Tokens) -> None:
    sids = {verified(deps, tokens(name)["id_token"], "RS256")[1]["sid"] for name in ("portal", "other")}
    assert 2 == len(sids)


AUDIENCES = [
    # scope, resource of the token request, resource of the authorization request -> aud, alg
    ("openid paie.read", PAY_API, "", PAY_API, "ES256"),
    ("openid", STOCK_API, "", STOCK_API, "RS256"),
    ("openid paie.read", None, "", ISSUER, "ES256"),
    ("openid paie.read", None, PAY_API, ISSUER, "ES256"),
    ("paie.read", None, PAY_API, PAY_API, "ES256"),
    ("paie.read", None, f"{PAY_API} {STOCK_API}", PAY_API, "ES256"),
    ("openid", STOCK_API, f"{PAY_API} {STOCK_API}", STOCK_API, "RS256"),
    ("profile", None, "", ISSUER, "ES256"),
]


@pytest.mark.parametrize(("scope", "resource", "granted", "audience", "alg"), AUDIENCES)
def test_an_access_token_has_one_audience(
    deps: Deps, give_code: Codes, redeem: Posts, scope: str, resource: str, granted: str, audience: str, alg: str
) -> None:
    answer = redeem(give_code(scope=scope, resource=granted), resource=resource)
    assert audience == verified(deps, answer.json["access_token"], alg)[1]["aud"]


def test_without_openid_the_default_resource_is_the_audience(deps: Deps, tokens: Tokens) -> None:
    assert PAY_API == verified(deps, tokens("machine", scope="paie.read")["access_token"], "ES256")[1]["aud"]


def test_a_resource_learns_only_the_scopes_that_mean_something_to_it(
    deps: Deps, give_code: Codes, redeem: Posts
) -> None:
    answer = redeem(give_code(scope="openid profile paie.read"), resource=PAY_API).json
    assert "paie.read" == verified(deps, answer["access_token"], "ES256")[1]["scope"] == answer["scope"]


def test_only_a_resource_that_is_for_the_client_can_be_asked(give_code: Codes, redeem: Posts) -> None:
    for client_id, resource in (
        ("other", PAY_API),
        ("portal", "https://unknown.example.fr"),
        ("portal", [PAY_API, STOCK_API]),
    ):
        answer = redeem(give_code(client_id), client_id, resource=resource)
        assert (400, "invalid_target") == (answer.status_code, answer.json["error"])


def test_the_token_request_cannot_widen_the_resource_of_the_authorization_request(
    give_code: Codes, redeem: Posts
) -> None:
    code = give_code(resource=PAY_API)
    assert "invalid_target" == redeem(code, resource=STOCK_API).json["error"]
    assert 200 == redeem(code, resource=PAY_API).status_code, "and the attempt spent nothing"


def test_scopes_that_the_client_lost_are_not_given(deps: Deps, tokens: Tokens) -> None:
    assert "openid email" == tokens("modest", scope="openid email phone")["scope"]


def test_a_renamed_person_keeps_the_subject(deps: Deps, tokens: Tokens) -> None:
    with deps.transaction() as connection:
        connection.execute(update(accounts).values(family_name="Martin"))
    assert "s1" == verified(deps, tokens()["id_token"], "RS256")[1]["sub"]


def test_a_token_says_nothing_of_how_we_store_it(tokens: Tokens) -> None:
    given = tokens()
    payload = given["access_token"].split(".")[1]
    assert "session-1" not in base64.urlsafe_b64decode(payload + "==").decode()
