"""Userinfo tells a client what the person agreed to, to a token that was made for it (RFC 6750)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import update

from idp.adapters.clock import QuietClock
from idp.domain.platform.instants import MINUTE
from idp.domain.portals.clients import SigningAlgorithm
from idp.domain.portals.registry_content import make_registry
from idp.store.people.accounts import accounts
from idp.store.portals.authorizations import client_cutoffs
from idp.store.sign_in.sessions import end_session
from idp.usecases.deps import Deps
from tests.oauth.conftest import ISSUER, Codes, Posts, basic

# joserfc warns of the name `EdDSA` (RFC 9864); it is the one that partners register.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
Tokens = Callable[..., dict[str, Any]]


def ask(web: FlaskClient, token: str) -> Any:
    return web.get("/userinfo", headers={"Authorization": f"Bearer {token}"})


def test_userinfo_tells_what_the_scopes_give(web: FlaskClient, tokens: Tokens) -> None:
    answer = ask(web, tokens(scope="openid email roles organization")["access_token"])
    assert (200, "application/json", "no-store") == (
        answer.status_code, answer.mimetype, answer.headers["Cache-Control"],
    )  # fmt: skip
    assert {
        "sub": "s1", "email": "claire@example.fr", "email_verified": True, "roles": ["administrateur"],
        "organization_label": "GIP MDS", "siret": "99900037500017", "siren": "999000375",
    } == answer.json  # fmt: skip


def test_the_token_may_come_in_the_header_or_in_a_posted_form(web: FlaskClient, tokens: Tokens) -> None:
    token = tokens()["access_token"]
    header = {"Authorization": f"bearer {token}"}
    answers = [
        web.get("/userinfo", headers=header),
        web.post("/userinfo", headers=header),
        web.post("/userinfo", data={"access_token": token}),
    ]
    assert ["s1"] * 3 == [answer.json["sub"] for answer in answers]


def test_a_token_in_the_query_is_not_seen(web: FlaskClient, tokens: Tokens) -> None:
    token = tokens()["access_token"]
    for answer in (
        web.get("/userinfo", query_string={"access_token": token}),
        web.post("/userinfo", query_string={"access_token": token}),
    ):
        assert 401 == answer.status_code
        assert "error=" not in answer.headers["WWW-Authenticate"]


def test_a_token_in_a_get_body_is_not_seen(web: FlaskClient, tokens: Tokens) -> None:
    assert 401 == web.get("/userinfo", data={"access_token": tokens()["access_token"]}).status_code


def test_a_token_sent_twice_is_refused(web: FlaskClient, tokens: Tokens) -> None:
    token = tokens()["access_token"]
    answer = web.post("/userinfo", data={"access_token": token}, headers={"Authorization": f"Bearer {token}"})
    assert (400, "invalid_request") == (answer.status_code, answer.json["error"])
    answer = web.post("/userinfo", data={"access_token": [token, token]})
    assert (400, "invalid_request") == (answer.status_code, answer.json["error"])


def test_a_refusal_names_its_reason_in_the_challenge(web: FlaskClient, tokens: Tokens) -> None:
    answer = ask(web, "nonsense")
    assert (401, "invalid_token", "no-store") == (
        answer.status_code, answer.json["error"], answer.headers["Cache-Control"],
    )  # fmt: skip
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    answer = ask(web, tokens(scope="profile")["access_token"])
    assert (403, "insufficient_scope") == (answer.status_code, answer.json["error"])
    assert 'scope="openid"' in answer.headers["WWW-Authenticate"]


def test_a_token_for_a_resource_does_not_open_userinfo(web: FlaskClient, give_code: Codes, redeem: Posts) -> None:
    """Audience confusion: the resource that received the token would read the person's claims with it."""
    code = give_code(scope="openid email")
    stolen = redeem(code, resource="https://stock.example.fr/api").json["access_token"]
    assert (401, "invalid_token") == ((answer := ask(web, stolen)).status_code, answer.json["error"])
    control = redeem(give_code(scope="openid email")).json["access_token"]
    assert 200 == ask(web, control).status_code, "the control: the same grant addressed to us"


def test_an_id_token_is_no_access_token(web: FlaskClient, tokens: Tokens) -> None:
    given = tokens()
    assert 401 == ask(web, given["id_token"]).status_code
    assert 401 == ask(web, given["refresh_token"]).status_code
    assert 200 == ask(web, given["access_token"]).status_code


def test_a_token_dies_after_five_minutes(web: FlaskClient, clock: QuietClock, tokens: Tokens) -> None:
    token = tokens()["access_token"]
    clock.advance(5 * MINUTE - 1000)
    assert 200 == ask(web, token).status_code
    clock.advance(1000)
    assert 401 == ask(web, token).status_code


def test_ending_the_session_ends_userinfo_at_once(
    deps: Deps, web: FlaskClient, account_id: int, session_id: str, tokens: Tokens
) -> None:
    token = tokens()["access_token"]
    with deps.transaction() as connection:
        end_session(connection, session_id, account_id, deps.clock.now())
    assert 401 == ask(web, token).status_code


@pytest.mark.parametrize("change", [{"state": "radiated"}, {"valid_from": 9_000_000_000_000}])
def test_suspension_or_a_new_password_ends_userinfo_at_once(
    deps: Deps, web: FlaskClient, tokens: Tokens, change: dict[str, Any]
) -> None:
    token = tokens()["access_token"]
    with deps.transaction() as connection:
        connection.execute(update(accounts).values(change))
    assert 401 == ask(web, token).status_code


def test_ending_a_clients_tokens_ends_userinfo_at_once(deps: Deps, web: FlaskClient, tokens: Tokens) -> None:
    token = tokens()["access_token"]
    with deps.transaction() as connection:
        connection.execute(client_cutoffs.insert().values(client_id="portal", valid_from=deps.clock.now() + 1))
    assert 401 == ask(web, token).status_code


def test_a_revoked_token_opens_nothing(web: FlaskClient, tokens: Tokens) -> None:
    token = tokens()["access_token"]
    assert 200 == web.post("/revoke", data={"token": token}, headers=basic()).status_code
    assert 401 == ask(web, token).status_code


@pytest.mark.parametrize("alg", list(SigningAlgorithm))
def test_a_client_may_get_userinfo_signed(deps: Deps, web: FlaskClient, tokens: Tokens, alg: SigningAlgorithm) -> None:
    answer = ask(web, tokens(f"signed-{alg}", scope="openid email")["access_token"])
    assert "application/jwt" == answer.mimetype
    decoded = jwt.decode(answer.get_data(as_text=True), KeySet.import_key_set(as_set(deps)), algorithms=[alg])
    assert {
        "iss": ISSUER, "aud": f"signed-{alg}", "sub": "s1", "email": "claire@example.fr", "email_verified": True,
    } == decoded.claims  # fmt: skip


def as_set(deps: Deps) -> Any:
    return {"keys": [item.public_jwk for item in deps.signer.ring._keys]}


def test_userinfo_names_a_pairwise_person_as_the_id_token_does(deps: Deps, web: FlaskClient, tokens: Tokens) -> None:
    given = tokens("pair", scope="openid uid")
    about = deps.signer.verify(given["id_token"])
    told = ask(web, given["access_token"]).json
    assert about is not None
    assert about["sub"] == told["sub"] == told["uid"]


def test_for_a_public_client_uid_is_the_subject_too(web: FlaskClient, tokens: Tokens) -> None:
    told = ask(web, tokens(scope="openid uid")["access_token"]).json
    assert {"sub": "s1", "uid": "s1"} == told


def test_the_claims_parameter_asks_single_claims_of_userinfo(web: FlaskClient, tokens: Tokens) -> None:
    asked = {"userinfo": {"siret": None}, "id_token": {"email": None}}
    assert {"sub": "s1", "siret": "99900037500017"} == ask(
        web, tokens(scope="openid", claims_request=asked)["access_token"]
    ).json


def test_the_claims_parameter_never_reaches_beyond_the_registered_scopes(web: FlaskClient, tokens: Tokens) -> None:
    asked = {"userinfo": {"siret": {"essential": True}, "email": None}}
    told = ask(web, tokens("modest", scope="openid", claims_request=asked)["access_token"]).json
    assert {"sub": "s1", "email": "claire@example.fr"} == told


def test_a_removed_client_is_told_nothing(deps: Deps, web: FlaskClient, tokens: Tokens) -> None:
    token = tokens()["access_token"]
    held = deps.registry()
    others = [client for name, client in held.clients.items() if name not in ("portal", "mire")]
    clients = dict(make_registry(ISSUER, others, []).clients)
    object.__setattr__(held, "clients", clients)
    assert 401 == ask(web, token).status_code


def test_machine_tokens_know_nobody(web: FlaskClient) -> None:
    token = web.post("/token", data={"grant_type": "client_credentials"}, headers=basic("portal")).json["access_token"]
    assert 403 == ask(web, token).status_code
