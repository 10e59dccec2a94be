"""Authorization responses (JARM section 2.2) and introspection answers (RFC 9701 section 6) for the client alone."""

from __future__ import annotations

import json
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import pytest

from idp.adapters.logs import QuietLog
from idp.adapters.outbound import OutboundAnswer, QuietOutbound
from idp.domain.portals.clients import Client
from idp.domain.portals.encryption import KeyManagement
from idp.oauth.response_modes import signed
from idp.store.database import Database
from tests.oauth.conftest import SECRET, basic, secret
from tests.oauth.decryption import decrypted, new_key, public_jwk
from tests.portals import Browser, Gateway, gateway, location, portal

KEY = new_key("P-256")
JWKS = {"keys": [public_jwk(KEY, kid="k1", use="enc")]}
ADDRESS = "https://portail.example.fr/jwks"
SIGNED = "application/token-introspection+jwt"


def reader(client_id: str, **keys: Any) -> Client:
    alg = KeyManagement.ECDH_ES_A256KW
    algs = {"authorization_encrypted_response_alg": alg, "introspection_encrypted_response_alg": alg}
    return portal(client_id, secrets=(secret(SECRET),), **algs, **keys)


@pytest.fixture
def at(database: Database) -> Gateway:
    return gateway(database, reader("inline", jwks=JWKS), reader("fetched", jwks_uri=ADDRESS))


@pytest.fixture
def browser(at: Gateway) -> Browser:
    browser = at.browser()
    browser.has_session()
    return browser


def response(answer: Any) -> str:
    return dict(parse_qsl(urlsplit(location(answer)).query))["response"]


def claims(at: Gateway, text: str) -> dict[str, Any]:
    return cast(dict[str, Any], at.deps.signer.verify(text))


def publish(at: Gateway) -> None:
    body = json.dumps(JWKS).encode()
    cast(QuietOutbound, at.deps.outbound).answers[ADDRESS] = OutboundAnswer(200, body, {})


@pytest.mark.parametrize("client_id", ["inline", "fetched"])
def test_a_response_is_signed_then_encrypted(at: Gateway, browser: Browser, client_id: str) -> None:
    """JARM section 2.2; an error too."""
    publish(at)
    header, inner = decrypted(response(browser.authorize(client_id=client_id, response_mode="jwt")), KEY)
    assert (header["cty"], header["kid"]) == ("JWT", "k1")
    assert set(claims(at, inner)) == {"code", "state", "iss", "aud", "exp"}
    refused = browser.authorize(client_id=client_id, response_mode="jwt", scope="x")
    assert claims(at, decrypted(response(refused), KEY)[1])["error"] == "invalid_scope"
    assert "code=" in location(browser.authorize(client_id=client_id)), "the control: nothing else is encrypted"


def test_without_a_key_the_person_is_not_troubled(at: Gateway, browser: Browser) -> None:
    """The client is told at once, signed: no page is shown and no code made."""
    cast(QuietOutbound, at.deps.outbound).answers[ADDRESS] = OutboundAnswer(503, b"", {})
    told = claims(at, response(browser.authorize(client_id="fetched", response_mode="jwt")))
    assert (told["error"], "code" in told, told["state"]) == ("invalid_request", False, "s t")
    hosts = {facts["host"] for name, facts in cast(QuietLog, at.deps.log).lines if name == "client_keys.none_encrypts"}
    assert hosts == {"portail.example.fr"}


def test_no_code_travels_in_the_clear_when_the_keys_go_away(at: Gateway) -> None:
    """Between the check and the response."""
    client = at.deps.registry().clients["fetched"]
    cast(QuietOutbound, at.deps.outbound).answers[ADDRESS] = OutboundAnswer(503, b"", {})
    told = claims(at, signed(at.deps, {"code": "c", "state": "s"}, client)["response"])
    assert (told["error"], "code" in told, told["state"]) == ("server_error", False, "s")


def introspected(at: Gateway, client_id: str, accept: str = SIGNED) -> Any:
    headers = {**basic(client_id), "Accept": accept}
    return at.app.test_client().post("/introspect", data={"token": "unknown"}, headers=headers)


def test_an_introspection_answer_is_signed_then_encrypted(at: Gateway) -> None:
    """RFC 9701 section 6."""
    answer = introspected(at, "inline")
    assert answer.headers["Content-Type"].startswith(SIGNED)
    header, inner = decrypted(answer.text, KEY)
    assert (header["cty"], claims(at, inner)["token_introspection"]) == ("JWT", {"active": False})
    assert introspected(at, "inline", "application/json").json == {"active": False}


def test_an_introspection_that_no_key_encrypts_is_refused(at: Gateway) -> None:
    cast(QuietOutbound, at.deps.outbound).answers[ADDRESS] = OutboundAnswer(503, b"", {})
    answer = introspected(at, "fetched")
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_client")
