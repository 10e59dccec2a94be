"""Introspection answers as signed JWTs (RFC 9701), and what our own resource says of itself (RFC 9728)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet

from idp.usecases.deps import Deps
from tests.oauth.conftest import ISSUER, PAY_API, basic

SIGNED = "application/token-introspection+jwt"


def ask(web: FlaskClient, client_id: str, token: str, accept: str | None = SIGNED) -> Any:
    headers = {**basic(client_id), **({"Accept": accept} if accept else {})}
    return web.post("/introspect", data={"token": token}, headers=headers)


def opened(web: FlaskClient, text: str, alg: str = "RS256") -> Any:
    keys = KeySet.import_key_set(web.get("/jwks").json)  # type: ignore[arg-type]
    return jwt.decode(text, keys, algorithms=[alg])


@pytest.fixture
def token(tokens: Any) -> str:
    return str(tokens()["access_token"])


def test_the_answer_is_signed_for_whoever_asked(web: FlaskClient, token: str) -> None:
    """RFC 9701 section 5: typ, iss, aud, iat, and the whole answer under one claim."""
    plain = ask(web, "portal", token, None)
    answer = ask(web, "portal", token)
    assert answer.headers["Content-Type"].startswith(SIGNED)
    decoded = opened(web, answer.text)
    assert decoded.header["typ"] == "token-introspection+jwt"
    assert (decoded.claims["iss"], decoded.claims["aud"]) == (ISSUER, "portal")
    assert set(decoded.claims) == {"iss", "aud", "iat", "token_introspection"}
    assert decoded.claims["token_introspection"] == plain.json


def test_json_stays_the_default(web: FlaskClient, token: str) -> None:
    for accept in (None, "*/*", "application/json", "text/html"):
        assert ask(web, "portal", token, accept).json["active"] is True


def test_nobody_else_learns_more_from_a_signed_answer(web: FlaskClient, token: str) -> None:
    """RFC 9701 section 5: an inactive token says active: false and nothing else."""
    told = opened(web, ask(web, "other", token).text)
    assert told.claims["token_introspection"] == {"active": False}
    assert told.claims["aud"] == "other"


def test_a_signed_answer_is_no_access_token(web: FlaskClient, token: str) -> None:
    """RFC 9701 section 8.1: cross-JWT confusion."""
    signed = ask(web, "portal", token).text
    assert web.get("/userinfo", headers={"Authorization": f"Bearer {signed}"}).status_code == 401
    assert ask(web, "portal", signed, None).json == {"active": False}
    assert web.get("/userinfo", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_our_own_resource_describes_itself(web: FlaskClient) -> None:
    """RFC 9728 sections 2 and 3."""
    told = json.loads(web.get("/.well-known/oauth-protected-resource").text)
    assert (told["resource"], told["authorization_servers"]) == (ISSUER, [ISSUER])
    assert told["bearer_methods_supported"] == ["header", "body"]
    assert "openid" in told["scopes_supported"]


def test_a_refusal_says_where_that_is(web: FlaskClient) -> None:
    """RFC 9728 section 5.1: under each scheme."""
    challenge = web.get("/userinfo").headers["WWW-Authenticate"]
    assert challenge.count(f'resource_metadata="{ISSUER}/.well-known/oauth-protected-resource"') == 2


def test_a_token_of_a_resource_is_told_to_its_owner_signed(web: FlaskClient, deps: Deps) -> None:
    form = {"grant_type": "client_credentials", "resource": PAY_API}
    token = web.post("/token", data=form, headers=basic("portal")).json["access_token"]  # type: ignore[index]
    assert opened(web, ask(web, "other", token).text).claims["token_introspection"]["active"] is True
