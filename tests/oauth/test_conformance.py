"""The Basic and Form Post modules of the conformance suite (SUITE names them), as far as /authorize decides them.

Each test is one module, driven as the suite's browser does: cookies, forms and no JavaScript; no PKCE.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import pytest
from werkzeug.test import TestResponse

from idp.adapters.clock import QuietClock
from idp.domain.people.password_hashes import cost_of
from idp.domain.portals.clients import SecretDigest
from idp.store.database import Database
from tests.pages import forms_of
from tests.portals import (
    CALLBACK,
    CHALLENGE,
    ISSUER,
    VERIFIER,
    Browser,
    Gateway,
    gateway,
    portal,
    request_of,
    transaction,
)
from tests.rows import make_account

SECRET = "conformance-secret-of-at-least-forty-three-chars"
PASSWORD = "Mire2026demo"
TYPED = {"siret": "999 000 375 00017", "family_name": "Moutin", "given_name": "Claire", "password": PASSWORD}
LONGEST_WAY = 12


@dataclass
class Suite:
    """The suite: a relying party with a browser. `pages` are the paths of the pages a person was shown."""

    at: Gateway
    browser: Browser
    mode: str | None
    pages: list[str]
    callback: str = ""
    """The redirect URI that the last response went to."""

    def asks(self, *, post: bool = False, **parameters: Any) -> dict[str, str]:
        """Send an authorization request and do what the pages ask, to the response at the callback."""
        self.pages.clear()
        asked = request_of(response_mode=self.mode, **parameters)
        http = self.browser.http
        answer = http.post("/authorize", data=asked) if post else http.get("/authorize", query_string=asked)
        for _ in range(LONGEST_WAY):
            told = self.told(answer)
            if told is not None:
                return told
            answer = self.goes_on(answer)
        raise AssertionError("the journey does not end")

    def told(self, answer: TestResponse) -> dict[str, str] | None:
        """The authorization response, once it is there: in the redirect, or in the page's only form."""
        if answer.status_code == 303:
            address = urlsplit(answer.headers["Location"])
            if address.netloc != "portail.example.fr":
                return None
            self.callback = answer.headers["Location"].partition("code=")[0]
            return dict(parse_qsl(address.query, strict_parsing=True))
        forms = forms_of(answer)
        if forms.actions and forms.actions[0].startswith(CALLBACK):
            self.callback = forms.actions[0]
            return forms.found[0]
        return None

    def goes_on(self, answer: TestResponse) -> TestResponse:
        """Follow a redirect of ours, or fill the page's first form and press its first button."""
        if answer.status_code == 303:
            return self.browser.http.get(answer.headers["Location"])
        assert answer.status_code == 200, answer.text
        forms = forms_of(answer)
        self.pages.append(urlsplit(forms.actions[0]).path)
        return self.browser.http.post(forms.actions[0], data={**forms.found[0], **TYPED, "decision": "allow"})

    def redeems(self, told: Mapping[str, str], **more: str) -> dict[str, Any]:
        """The claims of the ID token for this code."""
        answer = self.exchange(told["code"], **more)
        assert answer.status_code == 200, answer.text
        claims = self.at.deps.signer.verify(cast(Any, answer.json)["id_token"])
        assert claims is not None
        return claims

    def exchange(self, code: str, **more: str) -> TestResponse:
        """POST /token as client_secret_basic."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, **more}
        basic = base64.b64encode(f"portail:{SECRET}".encode()).decode()
        return self.browser.http.post("/token", data=form, headers={"Authorization": f"Basic {basic}"})

    def waits(self, seconds: int) -> None:
        cast(QuietClock, self.at.deps.clock).advance(seconds * 1000)


@pytest.fixture(params=[None, "form_post"], ids=["Basic", "Form Post"])
def suite(request: pytest.FixtureRequest, database: Database) -> Suite:
    secret = SecretDigest(hashlib.sha256(SECRET.encode()).digest(), "test")
    at = gateway(database, portal(secrets=(secret,)))
    stored = at.deps.hasher.hash(PASSWORD)
    make_account(at.deps, password_hash=stored, password_cost=cost_of(stored))
    return Suite(at, at.browser(), request.param, [])


def test_oidcc_server(suite: Suite) -> None:
    told = suite.asks()
    assert (["/sign-in"], ISSUER, "s t") == (suite.pages, told["iss"], told["state"])
    assert "n" == suite.redeems(told)["nonce"]


def test_oidcc_response_type_missing(suite: Suite) -> None:
    assert "invalid_request" == suite.asks(response_type=None)["error"]


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(suite: Suite) -> None:
    assert "nonce" not in suite.redeems(suite.asks(nonce=None))


@pytest.mark.parametrize("scope", ["profile", "email", "address", "phone", "profile email address phone"])
def test_oidcc_scope(suite: Suite, scope: str) -> None:
    assert "sub" in suite.redeems(suite.asks(scope=f"openid {scope}"))


@pytest.mark.parametrize("display", ["page", "popup"])
def test_oidcc_display(suite: Suite, display: str) -> None:
    assert "code" in suite.asks(display=display)


def test_oidcc_prompt_login(suite: Suite) -> None:
    first = suite.redeems(suite.asks())
    suite.waits(2)
    again = suite.redeems(suite.asks(prompt="login"))
    assert ["/sign-in"] == suite.pages
    assert again["auth_time"] > first["auth_time"]
    assert again["sub"] == first["sub"]


def test_oidcc_prompt_none_not_logged_in(suite: Suite) -> None:
    told = suite.asks(prompt="none")
    assert ("login_required", []) == (told["error"], suite.pages)


def test_oidcc_prompt_none_logged_in(suite: Suite) -> None:
    first = suite.redeems(suite.asks())
    suite.waits(2)
    silent = suite.redeems(suite.asks(prompt="none"))
    assert (first["auth_time"], first["sub"]) == (silent["auth_time"], silent["sub"])
    assert [] == suite.pages


def test_oidcc_max_age_1(suite: Suite) -> None:
    first = suite.redeems(suite.asks())
    suite.waits(2)
    again = suite.redeems(suite.asks(max_age="1"))
    assert ["/sign-in"] == suite.pages
    assert again["auth_time"] > first["auth_time"]


def test_oidcc_max_age_10000(suite: Suite) -> None:
    first = suite.redeems(suite.asks())
    suite.waits(2)
    again = suite.redeems(suite.asks(max_age="10000"))
    assert ([], first["auth_time"]) == (suite.pages, again["auth_time"])


def test_oidcc_ensure_request_with_unknown_parameter_succeeds(suite: Suite) -> None:
    assert "code" in suite.asks(extra="foobar")


def test_oidcc_id_token_hint(suite: Suite) -> None:
    answer = suite.exchange(suite.asks()["code"])
    token = cast(Any, answer.json)["id_token"]
    first = suite.at.deps.signer.verify(token)
    hinted = suite.redeems(suite.asks(prompt="none", id_token_hint=token))
    assert first is not None
    assert (first["sub"], []) == (hinted["sub"], suite.pages)


def test_oidcc_login_hint(suite: Suite) -> None:
    assert "code" in suite.asks(login_hint="buffy@portail.example.fr")


@pytest.mark.parametrize("name", ["ui_locales", "claims_locales"])
def test_oidcc_locales(suite: Suite, name: str) -> None:
    assert "code" in suite.asks(**{name: "se"})


def test_oidcc_ensure_request_with_acr_values_succeeds(suite: Suite) -> None:
    assert "eidas1" == suite.redeems(suite.asks(acr_values="eidas1 eidas2"))["acr"]
    assert "eidas1" == suite.redeems(suite.asks(acr_values="urn:nothing:of:ours"))["acr"]


def test_oidcc_codereuse(suite: Suite) -> None:
    code = suite.asks()["code"]
    assert 200 == suite.exchange(code).status_code
    assert "invalid_grant" == cast(Any, suite.exchange(code).json)["error"]


def test_oidcc_codereuse_30seconds(suite: Suite) -> None:
    code = suite.asks()["code"]
    assert 200 == suite.exchange(code).status_code
    suite.waits(30)
    assert "invalid_grant" == cast(Any, suite.exchange(code).json)["error"]


def test_oidcc_ensure_registered_redirect_uri(suite: Suite) -> None:
    asked = request_of(redirect_uri=f"{CALLBACK}/{'x' * 20}", response_mode=suite.mode)
    answer = suite.browser.http.get("/authorize", query_string=asked)
    assert (400, "text/html") == (answer.status_code, answer.mimetype)


def test_oidcc_ensure_post_request_succeeds(suite: Suite) -> None:
    assert "code" in suite.asks(post=True)


def test_oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(suite: Suite) -> None:
    assert "request_uri_not_supported" == suite.asks(request_uri="https://portail.example.fr/request.jwt")["error"]


def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(suite: Suite) -> None:
    assert "request_not_supported" == suite.asks(request="eyJhbGciOiJub25lIn0.e30.")["error"]


def test_oidcc_claims_essential(suite: Suite) -> None:
    told = suite.asks(claims='{"userinfo": {"name": {"essential": true}}}')
    assert "sub" in suite.redeems(told)


def test_oidcc_refresh_token(suite: Suite) -> None:
    told = suite.asks(scope="openid offline_access", prompt="consent")
    assert ["/sign-in", "/consent"] == suite.pages
    assert "refresh_token" in cast(Any, suite.exchange(told["code"]).json)


def test_oidcc_ensure_request_with_valid_pkce_succeeds(suite: Suite) -> None:
    told = suite.asks(code_challenge=CHALLENGE, code_challenge_method="S256")
    assert "sub" in suite.redeems(told, code_verifier=VERIFIER)


def test_oidcc_redirect_uri_query_ok(suite: Suite) -> None:
    assert "code" in suite.asks(redirect_uri=f"{CALLBACK}?dummy1=lorem")
    assert suite.callback.startswith(f"{CALLBACK}?dummy1=lorem")


@pytest.mark.parametrize("query", ["?dummy1=ipsum", "?dummy1=lorem&dummy2=ipsum"], ids=["mismatch", "added"])
def test_oidcc_redirect_uri_query_mismatch_or_added(suite: Suite, query: str) -> None:
    asked = request_of(redirect_uri=CALLBACK + query, response_mode=suite.mode)
    assert 400 == suite.browser.http.get("/authorize", query_string=asked).status_code


def test_who_uses_another_account_comes_back_as_that_one(suite: Suite) -> None:
    """Not a module: prompt=select_account with somebody else signed in."""
    suite.browser.has_session("tom", name="Sawyer")
    sent = suite.browser.authorize(prompt="select_account", response_mode=suite.mode)
    page = suite.browser.http.get(sent.headers["Location"])
    assert "/sign-in?t=" in page.text
    answer = suite.browser.http.get("/sign-in", query_string={"t": transaction(sent)})
    while (told := suite.told(answer)) is None:
        answer = suite.goes_on(answer)
    assert "Moutin" == suite.redeems(told)["sub"]
