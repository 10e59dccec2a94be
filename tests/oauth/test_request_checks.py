"""What an authorization request must be: each wrong one gets its own error at the redirect URI."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from idp.domain.portals.clients import ClientAuthentication, GrantType, Resource, SigningAlgorithm
from idp.domain.portals.themes import Theme, ThemeSet
from idp.store.database import Database
from idp.store.portals.authorizations import authorizations
from idp.wiring import open_database
from tests.portals import CALLBACK, CHALLENGE, Browser, Gateway, error, gateway, location, members, portal

API = "https://api.example.fr/"
STOCK = "https://stock.example.fr/"
OWN = "com.example.app:/cb"
CLIENTS = (
    portal(),
    portal("strict", require_pkce=True),
    portal("public", token_endpoint_auth_method=ClientAuthentication.NONE, require_pkce=False),
    portal("machine", grant_types=frozenset({GrantType.CLIENT_CREDENTIALS})),
    portal(
        "native", application_type="native", redirect_uris=("http://127.0.0.1/cb", "http://[::1]/cb", OWN, CALLBACK)
    ),
)
RESOURCES = (
    Resource(API, "machine", clients=frozenset({"portail"}), scopes=frozenset({"api.read"})),
    Resource(STOCK, "machine", clients=frozenset({"portail"})),
    Resource("https://closed.example.fr/", "machine", clients=frozenset({"strict"})),
)
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


@pytest.fixture
def at(database: Database) -> Gateway:
    return gateway(database, *CLIENTS, resources=RESOURCES)


@pytest.fixture
def storeless(tmp_path: Path) -> Iterator[Gateway]:
    """Over a database without tables: whatever is answered here, was answered without it."""
    database = open_database(f"sqlite:///{tmp_path}/empty.sqlite3")
    yield gateway(database, *CLIENTS, resources=RESOURCES)
    database.close()


@pytest.fixture
def browser(at: Gateway) -> Browser:
    browser = at.browser()
    browser.has_session()
    return browser


def granted(browser: Browser, **parameters: Any) -> Any:
    """The authorization that this request gives."""
    assert "code" in members(browser.authorize(**parameters))
    with browser.deps.read() as connection:
        return connection.execute(select(authorizations)).one()


WRONG = {
    "no response type": ({"response_type": None}, "invalid_request"),
    "an empty response type": ({"response_type": ""}, "invalid_request"),
    "implicit": ({"response_type": "token"}, "unsupported_response_type"),
    "implicit id_token": ({"response_type": "id_token"}, "unsupported_response_type"),
    "hybrid": ({"response_type": "code id_token"}, "unsupported_response_type"),
    "an unknown response mode": ({"response_mode": "smoke"}, "invalid_request"),
    "a request object": ({"request": "e30.e30."}, "invalid_request_object"),
    "a request_uri": ({"request_uri": "https://portail.example.fr/r"}, "invalid_request_uri"),
    "a registration": ({"registration": "{}"}, "registration_not_supported"),
    "a request object before anything else": ({"request": "x", "response_type": None}, "invalid_request_object"),
    "a repeated state": ({"state": ["a", "b"]}, "invalid_request"),
    "a repeated unknown parameter": ({"unknown": ["a", "b"]}, "invalid_request"),
    "a state beyond 1024": ({"state": "s" * 1025}, "invalid_request"),
    "a nonce beyond 1024": ({"nonce": "n" * 1025}, "invalid_request"),
    "no scope": ({"scope": None}, "invalid_scope"),
    "only unknown scopes": ({"scope": "nothing ofthat"}, "invalid_scope"),
    "an unknown prompt": ({"prompt": "shout"}, "invalid_request"),
    "prompt none with another": ({"prompt": "none login"}, "invalid_request"),
    "a max_age that is no number": ({"max_age": "soon"}, "invalid_request"),
    "a negative max_age": ({"max_age": "-1"}, "invalid_request"),
    "a max_age in other digits": ({"max_age": "١"}, "invalid_request"),
    "plain PKCE": ({"code_challenge": "c" * 43, "code_challenge_method": "plain"}, "invalid_request"),
    "PKCE without a method": ({"code_challenge": CHALLENGE}, "invalid_request"),
    "a thumbprint that is none": ({"dpop_jkt": "c" * 44}, "invalid_request"),
    "a method without a challenge": ({"code_challenge_method": "S256"}, "invalid_request"),
    "a challenge that is no SHA-256": (
        {"code_challenge": "c" * 44, "code_challenge_method": "S256"},
        "invalid_request",
    ),
    "claims that are no JSON": ({"claims": "{"}, "invalid_request"),
    "claims that are no object": ({"claims": "[]"}, "invalid_request"),
    "a claims place that is no object": ({"claims": '{"userinfo": []}'}, "invalid_request"),
    "a claims demand that is no object": ({"claims": '{"userinfo": {"name": 1}}'}, "invalid_request"),
    "claims nested without end": ({"claims": '{"userinfo":' * 600}, "invalid_request"),
    "a foreign id_token_hint": ({"id_token_hint": "e30.e30.e30"}, "invalid_request"),
    "an unknown resource": ({"resource": "https://elsewhere.example.fr/"}, "invalid_target"),
    "a resource of others": ({"resource": "https://closed.example.fr/"}, "invalid_target"),
    "one wrong resource of two": ({"resource": [API, "https://closed.example.fr/"]}, "invalid_target"),
    "a client without the grant": ({"client_id": "machine"}, "unauthorized_client"),
    "no PKCE from a client that must": ({"client_id": "strict"}, "invalid_request"),
    "no PKCE from a public client": ({"client_id": "public"}, "invalid_request"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_request_gets_its_error_at_the_redirect_uri(storeless: Gateway, name: str) -> None:
    parameters, expected = WRONG[name]
    told = members(storeless.browser().authorize(**parameters))
    assert (expected, "https://connexion.example.fr") == (told["error"], told["iss"])


def test_an_error_carries_the_state_and_never_a_code(storeless: Gateway) -> None:
    told = members(storeless.browser().authorize(response_type="token"))
    assert "s t" == told["state"]
    assert "code" not in told


def test_a_repeated_state_is_not_sent_back(storeless: Gateway) -> None:
    assert "state" not in members(storeless.browser().authorize(state=["a", "b"]))


UNTRUSTED = {
    "no client": {"client_id": None},
    "an unknown client": {"client_id": "nobody"},
    "two clients": {"client_id": ["portail", "strict"]},
    "no redirect URI": {"redirect_uri": None},
    "another host": {"redirect_uri": "https://portail.example.fr.evil.example/cb"},
    "another path": {"redirect_uri": f"{CALLBACK}/more"},
    "an added query": {"redirect_uri": f"{CALLBACK}?more=1"},
    "another query": {"redirect_uri": f"{CALLBACK}?dummy1=ipsum"},
    "another case": {"redirect_uri": CALLBACK.upper()},
    "a fragment": {"redirect_uri": f"{CALLBACK}#f"},
    "two redirect URIs": {"redirect_uri": [CALLBACK, "https://evil.example/"]},
    "a loopback port of a web client": {"redirect_uri": "http://127.0.0.1:1234/cb"},
}


@pytest.mark.parametrize("name", UNTRUSTED)
def test_an_untrusted_redirect_uri_gets_a_page_and_no_redirect(storeless: Gateway, name: str) -> None:
    answer = storeless.browser().authorize(**UNTRUSTED[name])
    assert (400, "text/html", None) == (answer.status_code, answer.mimetype, answer.headers.get("Location"))


def test_the_page_names_the_portal_and_the_way_back(storeless: Gateway) -> None:
    answer = storeless.browser().authorize(redirect_uri="https://evil.example/")
    assert "https://portail.example.fr/" in answer.text
    assert "evil.example" not in answer.text


def test_the_page_wears_the_theme_of_the_portal(tmp_path: Path) -> None:
    themes = ThemeSet("d", {"rose": Theme("rose", css=":root { --rose: 1 }")})
    database = open_database(f"sqlite:///{tmp_path}/empty.sqlite3")
    at = gateway(database, portal(theme="rose"), themes=lambda: themes)
    assert "--rose: 1" in at.browser().authorize(redirect_uri="https://evil.example/").text
    assert "--rose: 1" not in at.browser().authorize(client_id="nobody").text
    database.close()


@pytest.mark.parametrize("uri", ["http://127.0.0.1:49152/cb", "http://[::1]:1/cb", "http://127.0.0.1/cb", OWN])
def test_a_native_client_gets_any_loopback_port_or_its_own_scheme(browser: Browser, uri: str) -> None:
    assert location(browser.authorize(client_id="native", redirect_uri=uri)).startswith(f"{uri}?code=")


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost:49152/cb",
        "http://127.0.0.1:49152/other",
        "http://127.0.0.1:49152@evil.example/cb",
        "http://127.0.0.1:49152.evil.example/cb",
        "http://127.0.0.2:49152/cb",
        "https://127.0.0.1:49152/cb",
        f"{CALLBACK.replace('.fr/', '.fr:49152/')}",
    ],
)
def test_nothing_but_the_port_of_a_loopback_address_may_differ(storeless: Gateway, uri: str) -> None:
    assert 400 == storeless.browser().authorize(client_id="native", redirect_uri=uri).status_code


@pytest.mark.parametrize(
    "parameters",
    [
        {"state": "s" * 1024, "nonce": "n" * 1024},
        {"unknown": "x"},
        {"nonce": None},
        {"state": None},
        {"response_mode": "query"},
        {"scope": "openid whatever"},
        {"audience": ["a", "b"]},
        {"prompt": "none"},
        {"acr_values": "eidas3"},
        {"claims": '{"userinfo": {"name": {"essential": true}}, "other": 1}'},
        {"claims": '{"id_token": {"acr": {"values": ["eidas3"]}}}'},
        {"claims": '{"id_token": {"acr": {"essential": true, "values": ["eidas3", "eidas1"]}}}'},
        {"display": "popup", "ui_locales": "se fr", "claims_locales": "se"},
        {"display": "hologram"},
        {"login_hint": "99900037500017;MOUTIN;CLAIRE"},
        {"code_challenge": CHALLENGE, "code_challenge_method": "S256"},
        {"client_id": "public", **PKCE},
    ],
    ids=str,
)
def test_a_right_request_is_answered(browser: Browser, parameters: dict[str, Any]) -> None:
    assert "code" in members(browser.authorize(**parameters))


def test_unknown_scopes_are_ignored_and_known_ones_kept_in_order(browser: Browser) -> None:
    assert "openid email" == granted(browser, scope="openid what email openid roles").scope


def test_a_challenge_is_kept_with_the_code(browser: Browser) -> None:
    assert CHALLENGE == granted(browser, **PKCE).code_challenge


def test_the_code_is_bound_to_the_key_that_the_request_names(browser: Browser) -> None:
    """RFC 9449 section 10."""
    assert CHALLENGE == granted(browser, dpop_jkt=CHALLENGE).dpop_jkt


def test_several_resources_are_kept(browser: Browser) -> None:
    assert f"{API} {STOCK}" == granted(browser, resource=[API, STOCK, API]).resource


def test_the_claims_request_is_kept_for_the_token_endpoint(browser: Browser) -> None:
    asked = {"userinfo": {"name": {"essential": True, "odd": 1}, "email": None}, "id_token": {"acr": None}}
    kept = granted(browser, claims=json.dumps(asked)).claims_request
    assert {"userinfo": {"name": {"essential": True}, "email": {}}, "id_token": {"acr": {}}} == kept


def test_claims_that_no_database_likes_do_no_harm(browser: Browser) -> None:
    assert "code" in members(browser.authorize(claims='{"userinfo": {"\\u0000": null, "\\ud800": null}}'))


def hint(browser: Browser, **claims: Any) -> str:
    given = {"iss": browser.deps.issuer, "aud": "portail", "sub": "Moutin", "exp": 1, **claims}
    typ = given.pop("typ", "JWT")
    return browser.deps.signer.sign(given, alg=SigningAlgorithm.RS256, typ=typ)


def test_a_hint_at_the_person_who_is_signed_in_is_answered_even_when_expired(browser: Browser) -> None:
    assert "code" in members(browser.authorize(id_token_hint=hint(browser), prompt="none"))


def test_a_hint_at_somebody_else_is_not_answered_silently(browser: Browser) -> None:
    assert "login_required" == error(browser.authorize(id_token_hint=hint(browser, sub="else"), prompt="none"))


@pytest.mark.parametrize("wrong", [{"iss": "https://evil.example"}, {"typ": "at+jwt"}, {"aud": "nobody"}], ids=str)
def test_a_hint_is_an_id_token_of_this_issuer(browser: Browser, wrong: dict[str, str]) -> None:
    assert "invalid_request" == error(browser.authorize(id_token_hint=hint(browser, **wrong)))


def test_claims_for_another_sub_are_not_answered_silently(browser: Browser) -> None:
    asked = '{"id_token": {"sub": {"value": "else"}}}'
    assert "login_required" == error(browser.authorize(claims=asked, prompt="none"))


def test_claims_for_this_sub_are(browser: Browser) -> None:
    assert "code" in members(browser.authorize(claims='{"userinfo": {"sub": {"value": "Moutin"}}}', prompt="none"))


def test_an_essential_acr_that_is_not_reached_is_refused_with_its_own_error(browser: Browser) -> None:
    asked = '{"id_token": {"acr": {"essential": true, "value": "eidas2"}}}'
    assert "unmet_authentication_requirements" == error(browser.authorize(claims=asked))


def test_default_max_age_of_the_client_holds_when_none_is_asked(database: Database) -> None:
    at = gateway(database, portal(default_max_age=0))
    browser = at.browser()
    browser.has_session()
    assert "login_required" == error(browser.authorize(prompt="none"))
    assert "code" in members(browser.authorize(prompt="none", max_age=10_000))


def test_a_request_line_of_sixteen_kib_is_read(browser: Browser) -> None:
    assert "code" in members(browser.authorize(unknown="x" * 15_000))
