"""What leaves with the browser: RFC 9207, RFC 9700 sections 2.1.2, 4.2, 4.3, 4.4, 4.12, 4.16 and 4.17."""

from __future__ import annotations

import base64
import html
import json
import re
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from werkzeug.test import TestResponse

from idp.domain.portals.clients import ResponseMode
from tests.negative.conftest import DOORS, HOME, PKCE, code_of, redeem, refusal
from tests.portals import CALLBACK, ISSUER, Browser, Gateway, error, location, members, step

MODES = list(ResponseMode)
ATTACKERS_ISSUER = "https://evil.example"


def told(answer: TestResponse) -> dict[str, Any]:
    """What the portal is told, whatever the mode; a signed response is opened (its signature has its own tests)."""
    if answer.status_code == 200:
        pairs = re.findall(r'name="(\w+)" value="([^"]*)"', answer.text)
        found = {name: html.unescape(value) for name, value in pairs}
    else:
        parts = urlsplit(location(answer))
        found = dict(parse_qsl(parts.fragment or parts.query, keep_blank_values=True))
    if "response" not in found:
        return found
    body = found["response"].split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))


REQUESTS: dict[str, dict[str, Any]] = {
    "a code": {},
    "a refused type": {"response_type": "token"},
    "a refused scope": {"scope": "unknown"},
    "a refused challenge": {"code_challenge": "x"},
    "a refused object": {"request": "e30.e30.x"},
    "a sign-in that may not be asked": {"prompt": "none", "max_age": "0"},
}


def test_who_answers_is_said_in_every_mode_and_every_answer(browser: Browser) -> None:
    """RFC 9207 section 2 and 2.4, RFC 9700 section 4.4.2.1: `iss` once, and exactly ours; errors too."""
    for mode in MODES:
        for name, asked in REQUESTS.items():
            answer = browser.authorize(**asked, response_mode=mode)
            said = told(answer)
            assert said["iss"] == ISSUER, (mode, name)
            assert ("code" in said, "error" in said) == (not asked, bool(asked)), (mode, name)
            assert said.get("state") == "s t", (mode, name)
            raw = answer.text if answer.status_code == 200 else location(answer)
            assert raw.count("iss=") + raw.count('name="iss"') == ("jwt" not in mode), (mode, name)


def test_the_issuer_is_the_one_of_the_metadata(browser: Browser) -> None:
    """RFC 9207 sections 2.4 and 3: announced, and the same text, character by character."""
    metadata = browser.http.get("/.well-known/openid-configuration").json or {}
    assert metadata["authorization_response_iss_parameter_supported"] is True
    assert metadata["issuer"] == members(browser.authorize())["iss"]


@pytest.mark.parametrize("way", DOORS)
def test_a_client_cannot_be_told_another_issuer(browser: Browser, way: str) -> None:
    """RFC 9207 section 2, RFC 9700 section 4.4: what the request or its headers say of an issuer is not repeated."""
    door = partial(DOORS[way], browser)
    if "object" not in way:  # where iss is the client's own name
        door = partial(door, iss=ATTACKERS_ISSUER, issuer=ATTACKERS_ISSUER)
    answer = door(state=f"s&iss={ATTACKERS_ISSUER}")
    assert members(answer)["iss"] == ISSUER
    assert location(answer).count("&iss=") == 1, "the state cannot add one"
    assert members(answer)["state"] == f"s&iss={ATTACKERS_ISSUER}", "the control: and it comes back whole"


def test_no_host_header_changes_the_issuer(browser: Browser) -> None:
    """RFC 9700 sections 4.4 and 4.13: the issuer is a setting, whatever a request says of our name."""
    invented = {
        "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "X-Original-Host": "evil.example",
        "Forwarded": "host=evil.example", "X-Forwarded-Prefix": "/evil", "X-Rewrite-URL": "//evil.example/",
    }  # fmt: skip
    query = {"client_id": "portail", "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid"}
    for name, value in invented.items():
        answer = browser.http.get("/authorize", query_string=query, headers={name: value})
        assert "evil" not in answer.text + str(answer.headers), name
        document = browser.http.get("/.well-known/openid-configuration", headers={name: value})
        assert "evil" not in document.text, name
    assert members(browser.http.get("/authorize", query_string=query))["iss"] == ISSUER, "the control"


TYPES = [
    "token", "id_token", "code token", "code id_token", "id_token token", "code id_token token", "none", "CODE", "Code",
    "code ", " code", "code code", "code,token", "code+token", "code\ttoken", "code\x0btoken", "code\u00a0",
    "\uff43ode", "response_type", "password", "device_code", "*", "code;token", "code\r\nLocation: https://evil.example/",
]  # fmt: skip


@pytest.mark.parametrize("way", DOORS)
def test_no_other_response_type(browser: Browser, way: str) -> None:
    """RFC 9700 section 2.1.2, RFC 6749 section 3.1.1: no token ever travels in an address; no spelling of `code`."""
    for sent in TYPES:
        answer = DOORS[way](browser, response_type=sent)
        what = error(answer) if answer.status_code == 303 else refusal(answer)
        assert what == "unsupported_response_type", sent
        assert not re.search("[?&#](code|access_token|id_token)=", answer.headers.get("Location", ""))
    assert code_of(DOORS[way](browser)), "the control"


STATES = [
    "https://evil.example/", "//evil.example", "javascript:alert(1)", "../../account", "{{7*7}}", "${7*7}", "%s%n",
    "%00", "a=b&code=evil", "a#code=evil", "<!--", "]]>", "\\", "\u202e", "\ufeff", "\u2028", " ", "+", "%2B",
    "é" * 512, "null", "[object Object]", '{"a":1}', "\r\n\r\n<script>alert(1)</script>", "\t", "s" * 1024, "🏛️",
]  # fmt: skip


def test_the_state_is_never_read(browser: Browser) -> None:
    """RFC 6749 sections 4.1.1 and 10.14: opaque, echoed exactly, whatever a client or an attacker writes in it."""
    for state in STATES:
        for mode in ("query", "fragment", "form_post", "web_message", "jwt"):
            for wrong in ({}, {"scope": "unknown"}):
                answer = browser.authorize(state=state, response_mode=mode, **wrong)
                assert told(answer)["state"].replace("\r\n", "\n") == state.replace("\r\n", "\n"), (state, mode)
                assert answer.headers.get("Location", CALLBACK).startswith(CALLBACK)
                assert "<script>alert" not in answer.text


def test_nothing_of_a_code_reaches_a_referrer(at: Gateway, browser: Browser) -> None:
    """RFC 9700 section 4.2.4: our pages tell no other site where the browser was; no code is in their address."""
    stranger = at.browser()
    pages = [stranger.http.get(location(stranger.authorize())), browser.authorize(redirect_uri="https://evil.example/")]
    pages += [browser.authorize(response_mode=mode) for mode in MODES]
    pages += [browser.authorize(response_mode="form_post", scope="unknown"), stranger.http.get("/end-session")]
    for page in pages:
        assert page.headers["Referrer-Policy"] == "same-origin"
        assert "unsafe-url" not in page.text
        assert "code=" not in page.request.url
        assert not re.search(r'<(img|script|link|iframe)[^>]+(src|href)="https?:', page.text), "nothing from elsewhere"
    assert code_of(browser.authorize()), "the control"


def test_a_browser_never_repeats_a_form_elsewhere(at: Gateway, browser: Browser) -> None:
    """RFC 9700 section 4.12, RFC 6749 section 3.1: 303; 307 and 308 would hand a password on, 302 might."""
    stranger = at.browser()
    posted = [browser.post_authorize(), stranger.post_authorize(), browser.post_authorize(scope="unknown")]
    posted += [browser.http.post("/end-session", data={"state": "s"})]
    answers = [*posted, browser.authorize(), stranger.authorize(), browser.authorize(response_type="token")]
    assert {answer.status_code for answer in answers} == {303}


def test_our_pages_cannot_be_framed(at: Gateway, browser: Browser) -> None:
    """RFC 9700 section 4.16, RFC 6749 section 10.13: by header and by policy, at each page of the way."""
    stranger = at.browser()
    sign_in = stranger.authorize()
    assert step(sign_in) == "/sign-in"
    pages = [stranger.http.get(location(sign_in)), browser.authorize(response_mode="form_post")]
    pages += [browser.authorize(redirect_uri="https://evil.example/"), browser.authorize(client_id="nobody")]
    pages += [browser.http.get("/end-session"), browser.http.get("/authorize/resume?t=x"), browser.http.get("/device")]
    for page in pages:
        assert "text/html" in page.headers["Content-Type"]
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert page.headers["X-Frame-Options"] == "DENY"


def test_a_message_names_its_receiver(browser: Browser) -> None:
    """RFC 9700 section 4.17.2.1: the target origin is the registered one, never `*` nor anything of the request."""
    for changes in (
        {},
        {"scope": "unknown"},
        {"state": "*"},
        {"origin": "*"},
        {"web_message_uri": "https://evil.example"},
    ):
        answer = browser.authorize(response_mode="web_message", **changes)
        assert re.findall(r'data-origin="([^"]*)"', answer.text) == [HOME]
        assert f"frame-ancestors {HOME};" in f"{answer.headers['Content-Security-Policy']};"
        assert "evil" not in answer.text
    stranger = browser.authorize(response_mode="web_message", client_id="neighbour")
    assert error(stranger) == "invalid_request", "an origin that was not registered for messages gets none"


def test_the_script_of_a_message_has_no_other_receiver(browser: Browser) -> None:
    """RFC 9700 section 4.17.2.1: one call, with the origin of the page."""
    page = browser.authorize(response_mode="web_message").text
    sources = [source for source in re.findall(r'<script[^>]+src="([^"]+)"', page) if "message" in source]
    script = browser.http.get(sources[0]).text
    assert re.findall(r"postMessage\((.*)\)", script) == [
        '{ type: "authorization_response", response: response }, origin'
    ]
    assert '"*"' not in script


def test_no_token_is_ever_in_an_address(browser: Browser) -> None:
    """RFC 9700 section 4.3.2: not asked for, and not accepted; a code that was in the history is spent."""
    answer = redeem(browser, code := code_of(browser.authorize(**PKCE)), code_verifier="v" * 43)
    token = (answer.json or {})["access_token"]
    for path in ("/userinfo", "/introspect", "/revoke", "/token", "/par", "/register"):
        for name in ("access_token", "token", "bearer_token"):
            for call in (browser.http.get, browser.http.post):
                sent = call(f"{path}?{name}={token}")
                assert sent.status_code in (400, 401, 403, 404, 405), path
                assert token not in sent.text
    assert browser.http.get("/userinfo", headers={"Authorization": f"Bearer {token}"}).status_code == 200, "the control"
    assert refusal(redeem(browser, code, code_verifier="v" * 43)) == "invalid_grant"
