"""Signed authorization responses (JWT Secured Authorization Response Mode for OAuth 2.0)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from idp.domain.platform.instants import SECOND
from idp.domain.platform.keys import SigningAlgorithm
from idp.domain.portals.profiles import Profile
from idp.store.database import Database
from tests.portals import CALLBACK, ISSUER, Browser, gateway, location, portal


@pytest.fixture
def browser(database: Database) -> Browser:
    by_es256 = portal("es256", authorization_signed_response_alg=SigningAlgorithm.ES256)
    browser = gateway(database, portal(), by_es256, portal("fapi", profile=Profile.FAPI2_SECURITY)).browser()
    browser.has_session()
    return browser


def opened(browser: Browser, response: str, alg: str) -> dict[str, Any]:
    """The claims, once the signature is right by our JWKS."""
    keys = KeySet.import_key_set(browser.http.get("/jwks").json)  # type: ignore[arg-type]
    decoded = jwt.decode(response, keys, algorithms=[alg])
    assert decoded.header["alg"] == alg
    return dict(decoded.claims)


def told(answer: Any, mode: str) -> dict[str, str]:
    """The parameters of the response, wherever they are."""
    if mode.startswith("form_post"):
        assert f'action="{CALLBACK}"' in answer.text
        return dict(re.findall(r'name="(\w+)" value="([^"]*)"', answer.text))
    parts = urlsplit(location(answer))
    return dict(parse_qsl(parts.fragment if mode.startswith("fragment") else parts.query))


@pytest.mark.parametrize("mode", ["jwt", "query.jwt", "fragment.jwt", "form_post.jwt"])
def test_a_response_is_one_signed_parameter(browser: Browser, mode: str) -> None:
    """JARM sections 2.1 and 2.3: iss, aud, exp of ten minutes at most, and what a plain response says."""
    sent = told(browser.authorize(response_mode=mode), mode)
    assert set(sent) == {"response"}
    claims = opened(browser, sent["response"], "RS256")
    now = browser.deps.clock.now() // SECOND
    assert set(claims) == {"iss", "aud", "exp", "code", "state"}
    assert (claims["iss"], claims["aud"], claims["state"]) == (ISSUER, "portail", "s t")
    assert now < claims["exp"] <= now + 600


@pytest.mark.parametrize("mode", ["jwt", "fragment.jwt", "form_post.jwt"])
def test_an_error_is_signed_too(browser: Browser, mode: str) -> None:
    """JARM section 2.1: nobody can make one up, nor take the state off it."""
    claims = opened(browser, told(browser.authorize(response_mode=mode, scope="x"), mode)["response"], "RS256")
    assert (claims["error"], claims["state"], "code" in claims) == ("invalid_scope", "s t", False)


def test_the_client_chooses_the_algorithm(browser: Browser) -> None:
    """JARM section 3: authorization_signed_response_alg."""
    sent = told(browser.authorize(client_id="es256", response_mode="jwt"), "jwt")
    assert opened(browser, sent["response"], "ES256")["aud"] == "es256"


def test_a_fapi_client_is_never_answered_with_rs256(browser: Browser) -> None:
    """FAPI 2.0 Security Profile section 5.4.1."""
    sent = told(browser.authorize(client_id="fapi", response_mode="jwt"), "jwt")
    assert opened(browser, sent["response"], "PS256")["error"] == "invalid_request"


def test_a_plain_response_stays_plain(browser: Browser) -> None:
    assert set(told(browser.authorize(), "query")) == {"code", "state", "iss"}


def test_a_signed_response_is_no_id_token(browser: Browser) -> None:
    """RFC 8725 section 3.11: what is said for one purpose does not serve another."""
    response = told(browser.authorize(response_mode="jwt"), "jwt")["response"]
    answer = browser.authorize(id_token_hint=response, prompt="none")
    assert "error=" in location(answer)
