"""Who asks for tokens, with what: RFC 6749 sections 2.3, 3.2, 4.5, 6 and 10, RFC 9700 2.4, 2.5, 4.14 and 4.15."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

from werkzeug.test import TestResponse

from idp.domain.platform.instants import SECOND
from tests.negative.conftest import PKCE, code_of, redeem, refusal, signed, to_token
from tests.oauth.assertions import JWT_BEARER
from tests.oauth.conftest import SECRET, basic
from tests.portals import CALLBACK, VERIFIER, Browser, request_of

ENDPOINTS: dict[str, dict[str, str]] = {
    "/token": {"grant_type": "refresh_token", "refresh_token": "x"},
    "/introspect": {"token": "x"},
    "/revoke": {"token": "x"},
    "/par": {name: str(value) for name, value in request_of().items() if name != "client_id"},
}
"""What each is asked, once it knows the client."""


def is_let_in(answer: TestResponse) -> bool:
    """Whatever the answer is, it was one to a client that had proved itself."""
    return answer.status_code in (200, 201) or (answer.json or {}).get("error") == "invalid_grant"


def assertion(browser: Browser) -> str:
    now = browser.deps.clock.now() // SECOND
    return signed(browser, {"client_id": "portail", "sub": "portail", "jti": f"j{now}"})


def test_one_way_to_prove_oneself_a_request(browser: Browser) -> None:
    """RFC 6749 section 2.3: MUST NOT use more than one; which of two would count is never a question."""
    by_body = {"client_id": "portail", "client_secret": SECRET}
    by_assertion = {"client_id": "portail", "client_assertion_type": JWT_BEARER, "client_assertion": assertion(browser)}
    for path, form in ENDPOINTS.items():
        for headers, more in (
            (basic("portail"), by_body),
            (basic("portail"), {**by_body, "client_id": "neighbour"}),
            (basic("neighbour"), by_body),
            (basic("portail"), by_assertion),
            ({}, {**by_body, **by_assertion}),
            (basic("portail", "wrong"), by_body),
        ):
            answer = browser.http.post(path, data={**form, **more}, headers=headers)
            assert refusal(answer) == "invalid_request", (path, more)
        good = browser.http.post(path, data={**form, "client_id": "portail"}, headers=basic("portail"))
        assert is_let_in(good), "the control: its name beside its secret is no second way"


def test_nobody_speaks_for_another(browser: Browser) -> None:
    """RFC 6749 sections 2.3, 3.2.1 and 10.1: the client_id of the body is the one that proved itself."""
    for path, form in ENDPOINTS.items():
        for claimed in ("neighbour", "spa", "PORTAIL", "portail ", "portail\u200b", "nobody"):
            sent = {**form, "client_id": claimed}
            assert not is_let_in(browser.http.post(path, data=sent, headers=basic("portail"))), (path, claimed)
        assert is_let_in(browser.http.post(path, data=form, headers=basic("portail"))), "the control"


def test_credentials_in_an_address_are_none(browser: Browser) -> None:
    """RFC 6749 section 2.3.1: the parameters MUST NOT be included in the request URI."""
    for path, form in ENDPOINTS.items():
        for query in (
            {"client_id": "portail", "client_secret": SECRET},
            {"client_id": "spa"},
            {"client_id": "portail", "client_assertion_type": JWT_BEARER, "client_assertion": assertion(browser)},
        ):
            answer = browser.http.post(f"{path}?{urlencode(query)}", data=form)
            assert refusal(answer) in ("invalid_client", "invalid_request"), path
            assert SECRET not in answer.text
        assert is_let_in(browser.http.post(path, data=form, headers=basic("portail"))), "the control"


SECRETS = [
    "", " ", SECRET[:-1], SECRET + "x", SECRET.upper(), f" {SECRET}", f"{SECRET} ", f"{SECRET}\n", f"{SECRET}\x00",
    f":{SECRET}", f"{SECRET}:", "null", "*", "' OR '1'='1", "sha256:" + SECRET, "x" * 4000, "é" * 43,
]  # fmt: skip


def test_only_the_secret_is_the_secret(browser: Browser) -> None:
    """RFC 6749 sections 2.3.1 and 10.10, RFC 9700 section 2.5: and a wrong one is told as an unknown client is."""
    form = ENDPOINTS["/token"]
    nobody = browser.http.post("/token", data=form, headers=basic("nobody"))
    for sent in SECRETS:
        answer = browser.http.post("/token", data=form, headers=basic("portail", sent))
        assert (answer.status_code, answer.data) == (401, nobody.data), sent
        assert "WWW-Authenticate" in answer.headers
    assert is_let_in(browser.http.post("/token", data=form, headers=basic("portail"))), "the control"


def test_a_client_that_has_a_secret_cannot_leave_it_out(browser: Browser) -> None:
    """RFC 6749 section 3.2.1, RFC 9700 section 2.5: a code alone does not make a confidential client public."""
    code = code_of(browser.authorize(**PKCE))
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    for more in ({"client_id": "portail"}, {"client_id": "portail", "client_secret": ""}, {}):
        assert refusal(browser.http.post("/token", data={**form, **more})) == "invalid_client"
    assert redeem(browser, code, code_verifier=VERIFIER).status_code == 200, "the control"


def granted(browser: Browser, client_id: str = "portail") -> dict[str, Any]:
    asked = {"client_id": client_id, "scope": "openid profile", **PKCE}
    answer = redeem(browser, code_of(browser.authorize(**asked)), client_id, code_verifier=VERIFIER)
    assert answer.status_code == 200, answer.text
    return cast(dict[str, Any], answer.json)


def refreshed(browser: Browser, token: str, client_id: str = "portail", **more: Any) -> TestResponse:
    return to_token(browser, {"grant_type": "refresh_token", "refresh_token": token, **more}, client_id)


WIDER = [
    "openid profile email", "email", "phone", "openid offline_access", "OPENID", "*", "openid\u00a0email", "all",
    "openid profile admin", "openid,profile", "openid%20email", "\uff4fpenid", "openid profile\temail",
]  # fmt: skip


def test_no_refresh_widens_what_was_granted(browser: Browser) -> None:
    """RFC 6749 section 6: MUST NOT include any scope not originally granted; and it does not spend the token."""
    token = granted(browser)["refresh_token"]
    for scope in WIDER:
        assert refusal(refreshed(browser, token, scope=scope)) in ("invalid_scope", "invalid_request"), scope
    answer = refreshed(browser, token, scope="openid")
    assert (answer.status_code, (answer.json or {})["scope"]) == (200, "openid"), "the control: fewer"


def test_a_refresh_token_in_other_hands_gives_and_ends_nothing(browser: Browser) -> None:
    """RFC 6749 sections 6 and 10.4, RFC 9700 section 4.14.2: bound to its client, confidential or public."""
    for owner, thieves in {"portail": ("neighbour", "strict", "spa"), "spa": ("portail", "neighbour")}.items():
        token = granted(browser, owner)["refresh_token"]
        for thief in thieves:
            assert refusal(refreshed(browser, token, thief)) == "invalid_grant"
            assert refusal(browser.http.post("/revoke", data={"token": token}, headers=basic("neighbour")))
        fresh = refreshed(browser, token, owner)
        assert fresh.status_code == 200, "the control: and the attempts ended nothing"
        assert (fresh.json or {})["refresh_token"] != token, "it rotates"


def test_no_credential_serves_as_another(browser: Browser) -> None:
    """RFC 6749 sections 1.4, 1.5 and 10.3, RFC 9700 section 4.10: codes, tokens and hints are not exchanged."""
    code, given = code_of(browser.authorize(**PKCE)), granted(browser)
    tokens = {name: given[name] for name in ("access_token", "refresh_token", "id_token")}
    for name, text in {"code": code, **tokens}.items():
        if name != "refresh_token":
            assert refusal(refreshed(browser, text)) == "invalid_grant", name
        if name != "code":
            assert refusal(redeem(browser, text, code_verifier=VERIFIER)) == "invalid_grant", name
        opened = browser.http.get("/userinfo", headers={"Authorization": f"Bearer {text}"})
        assert opened.status_code == (200 if name == "access_token" else 401), name
    assert redeem(browser, code, code_verifier=VERIFIER).status_code == 200, "the control"
    assert refreshed(browser, given["refresh_token"]).status_code == 200, "the control"


GRANTS = [
    "password", "implicit", "token", "Authorization_Code", "authorization_code ", "authorization_code\x00",
    "authorization-code", "AUTHORIZATION_CODE", "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:ietf:params:oauth:grant-type:saml2-bearer",
    "refresh_token authorization_code", "client_credentials,password", "é",
]  # fmt: skip


def test_no_other_grant(browser: Browser) -> None:
    """RFC 9700 section 2.4, RFC 6749 section 4.5: a password is never taken for a token, by any spelling."""
    code = code_of(browser.authorize())
    person = {
        "username": "Moutin",
        "password": "secret",
        "code": code,
        "redirect_uri": CALLBACK,
        "assertion": "e30.e30.x",
    }
    for sent in GRANTS:
        answer = to_token(browser, {**person, "grant_type": sent})
        assert refusal(answer) in ("unsupported_grant_type", "invalid_request"), sent
        assert sent not in answer.text or sent in ("token", "é")
    assert redeem(browser, code).status_code == 200, "the control"


def test_a_client_named_like_a_person_is_not_that_person(browser: Browser) -> None:
    """RFC 9700 section 4.15: whoever may choose a client_id cannot become the person of that `sub`."""
    answer = to_token(browser, {"grant_type": "client_credentials", "scope": "profile"}, "Moutin")
    assert answer.status_code == 200, answer.text
    machine = (answer.json or {})["access_token"]
    assert browser.http.get("/userinfo", headers={"Authorization": f"Bearer {machine}"}).status_code in (401, 403)
    person = granted(browser)["access_token"]
    told = browser.http.get("/userinfo", headers={"Authorization": f"Bearer {person}"})
    assert (told.json or {})["sub"] == "Moutin", "the control: there is a person of that name"
