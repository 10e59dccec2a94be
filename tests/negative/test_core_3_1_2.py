"""OpenID Connect Core 1.0 section 3.1.2: what a request may say of the person, the page and the answer, and no more."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import Any

import pytest
from joserfc import jwe, jwt
from joserfc.jwk import OctKey
from werkzeug.test import TestResponse

from idp.domain.portals.clients import SigningAlgorithm
from idp.store.database import Database
from tests.negative.conftest import CLIENTS, DOORS, FIELDS, KEY, by_post, code_of, redeem
from tests.oauth.conftest import SECRET
from tests.portals import ISSUER, Browser, Gateway, error, gateway, location, members, portal, step
from tests.statements import counted


@pytest.fixture
def at(database: Database) -> Gateway:
    """The portals of these tests, one that signs its requests, and one that is agreed to."""
    signing = portal("signing", **{**FIELDS, "require_signed_request_object": True})
    return gateway(database, *CLIENTS, signing, portal("asking", require_consent=True))


def page_of(answer: TestResponse, browser: Browser) -> TestResponse:
    """The page that a stranger is sent to."""
    assert step(answer) == "/sign-in"
    page = browser.http.get(location(answer))
    assert page.status_code == 200
    return page


def id_token_of(answer: TestResponse) -> dict[str, Any]:
    """The claims of the ID token that a code gave."""
    body = (answer.json or {})["id_token"].split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))


OTHERS = ["login", "consent", "select_account", "login consent", "create", "NONE"]


def test_none_stands_alone(at: Gateway, browser: Browser) -> None:
    """OpenID Connect Core section 3.1.2.1: `none` with any other value is an error, and never shows a page."""
    for client in (browser, at.browser()):
        for other in OTHERS:
            for sent in (f"none {other}", f"{other} none", f"  none  {other}"):
                assert error(client.authorize(prompt=sent)) == "invalid_request", sent
    assert code_of(browser.authorize(prompt="none")), "the control"
    assert error(at.browser().authorize(prompt="none")) == "login_required", "the control"


SPELT = [
    "None", "LOGIN", "login,none", "none,login", "login+consent", "login;consent", "lo gin", "\uff4eone",
    "none\tlogin", "none\u00a0login", "login\u2003consent", "none\r\nlogin", '"none"', "['none']", "create", "*", "0",
]  # fmt: skip


@pytest.mark.parametrize("way", DOORS)
def test_no_other_prompt(browser: Browser, way: str) -> None:
    """Section 3.1.2.1: a list of case-sensitive ASCII words between spaces; an unknown one is refused, not ignored."""
    for sent in SPELT:
        answer = DOORS[way](browser, prompt=sent)
        said = error(answer) if answer.status_code == 303 else (answer.json or {})["error"]
        assert said == "invalid_request", sent
    assert code_of(DOORS[way](browser, prompt="none none")), "the control"


def hint(browser: Browser, **claims: Any) -> str:
    """An ID token of ours, or nearly."""
    given = {"iss": ISSUER, "aud": "portail", "sub": "Moutin", "iat": 1, "exp": 2, **claims}
    typ = given.pop("typ", "JWT")
    return browser.deps.signer.sign(given, alg=SigningAlgorithm.RS256, typ=typ)


def test_nobody_is_asked_by_a_silent_request(browser: Browser) -> None:
    """Sections 3.1.2.1 and 3.1.2.6: what `none` cannot answer at once is an error of its own, never a page."""
    silent = {
        "login_required": [{"max_age": "0"}, {"id_token_hint": hint(browser, sub="Sawyer")}],
        "consent_required": [{"client_id": "asking"}],
        "unmet_authentication_requirements": [
            {"claims": '{"id_token": {"acr": {"essential": true, "value": "eidas3"}}}'}
        ],
    }
    for expected, requests in silent.items():
        for sent in requests:
            assert error(browser.authorize(prompt="none", **sent)) == expected, sent
    right = {"max_age": "60", "id_token_hint": hint(browser)}
    assert code_of(browser.authorize(prompt="none", **right)), "the control"


AGES = [
    "-1", "-0", "+1", "1.0", "1e3", "0x10", "1_000", " 1", "1 ", "1\n", "\u0661", "\uff11", "\u00b2", "9" * 10,
    "9" * 5_000, "true", "null", "Infinity", "NaN", "1,2", "1;2", "[0]", "--1", "1 2",
]  # fmt: skip


@pytest.mark.parametrize("way", ["get", "post", "par"])
def test_an_age_is_a_number_of_seconds(browser: Browser, way: str) -> None:
    """Section 3.1.2.1: an age that cannot be read is refused; taken for none, it would let an old sign-in pass."""
    for sent in AGES:
        answer = DOORS[way](browser, max_age=sent)
        said = error(answer) if answer.status_code == 303 else (answer.json or {})["error"]
        assert said == "invalid_request", sent
    for sent in ("60", "060", "999999999"):
        assert code_of(DOORS[way](browser, max_age=sent)), "the control"
    assert step(DOORS[way](browser, max_age="0")) == "/sign-in"
    assert step(DOORS[way](browser, max_age="000")) == "/sign-in"


def unsigned(claims: dict[str, Any]) -> str:
    parts = (json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, claims))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


def foreign_hints(browser: Browser) -> dict[str, str]:
    ours = {"iss": ISSUER, "aud": "portail", "sub": "Moutin", "exp": 2}
    right = hint(browser)
    head, body, signature = right.split(".")
    theirs = base64.urlsafe_b64encode(json.dumps(ours | {"sub": "Sawyer"}).encode()).rstrip(b"=").decode()
    to_them = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM"}
    return {
        "unsigned": unsigned(ours),
        "signed by the client": jwt.encode({"alg": "ES256", "kid": "k1"}, ours, KEY, algorithms=["ES256"]),
        "signed with its secret": jwt.encode({"alg": "HS256"}, ours, OctKey.import_key(SECRET)),
        "another body": f"{head}.{theirs}.{signature}",
        "no signature": f"{head}.{body}.",
        "of another issuer": hint(browser, iss="https://evil.example"),
        "of an issuer nearly ours": hint(browser, iss=f"{ISSUER}/"),
        "an access token": hint(browser, typ="at+jwt"),
        "a logout token": hint(browser, typ="logout+jwt", events={}),
        "encrypted": jwe.encrypt_compact(to_them, right, KEY, algorithms=list(to_them.values())),
        "for no client of ours": hint(browser, aud="nobody"),
        "for two": hint(browser, aud=["portail", "spa"]),
        "twice": f"{right} {right}",
        "with a space": f" {right}",
        "no token": "Moutin",
        "too long": right + "A" * 8_192,
    }


def test_a_hint_is_an_id_token_and_nothing_else(browser: Browser) -> None:
    """Sections 3.1.2.1 and 3.1.2.2: issued by us, as an ID token, unencrypted; expired is allowed."""
    for name, sent in foreign_hints(browser).items():
        for prompt in (None, "none", "login"):
            assert error(browser.authorize(id_token_hint=sent, prompt=prompt)) == "invalid_request", name
    assert code_of(browser.authorize(id_token_hint=hint(browser), prompt="none")), "the control"


def deep(levels: int) -> str:
    return '{"userinfo": {"name": {"value": ' + "[" * levels + "]" * levels + "}}}"


CLAIMS = [
    "{", "[]", "1", '""', "null", "true", "{]", "{'id_token': {}}", '{"id_token": 1}', '{"id_token": "acr"}',
    '{"userinfo": {"name": []}}', '{"userinfo": {"name": "essential"}}', '{"id_token": {"acr": {"values": "eidas1"}}}',
    '{"id_token": {"sub": {"value": 1}}}', '{"id_token": {"sub": {"value": null}}}',
    '{"id_token": {"acr": {"value": []}}}',
    '{"userinfo": {"name": {"value": NaN}}}', '{"userinfo": {"name": {"value": Infinity}}}',
    '{"userinfo": {"name": {"value": -1e999}}}', '{"userinfo": {"name": {"value": ' + "9" * 5_000 + "}}}",
    '{"id_token": {}, "id_token": {"sub": {"value": "Sawyer"}}}',
    '{"id_token": {"sub": null, "sub": {"value": "Moutin"}}}',
    '{"userinfo": {"name": null, "name": null}}', '{"userinfo": {"n": null}} {}', '\ufeff{"userinfo": {}}',
    "{" + " " * 8_192 + "}", "[" * 4_000, '{"userinfo":' * 600,
    deep(32), deep(900), deep(960), deep(990), deep(2_000), deep(3_900),
]  # fmt: skip


def test_claims_are_asked_for_in_one_way(browser: Browser) -> None:
    """Sections 3.1.2.1 and 5.5, RFC 8259 section 4: what two readers could read differently is refused, not guessed."""
    for sent in CLAIMS:
        assert error(browser.post_authorize(claims=sent)) == "invalid_request", sent[:80]
    for sent in ("{}", '{"userinfo": null}', '{"userinfo": {"name": {"value": [["x"]]}}, "other": {"n": 1.5}}'):
        assert code_of(browser.authorize(claims=sent)), "the control"


def test_claims_cost_no_page_of_errors_when_the_code_is_redeemed(browser: Browser) -> None:
    """Section 5.5: a claim nobody knows, of any spelling, is ignored from the request to the ID token."""
    names = ["__proto__", "\x00", "\ud800", "é" * 200, "iss", "aud", "exp", "nonce", "<b>", "", "a.b", "name#fr"]
    asked = {place: {name: {"essential": True} for name in names} for place in ("id_token", "userinfo")}
    answer = redeem(browser, code_of(browser.authorize(claims=json.dumps(asked))))
    claims = id_token_of(answer)
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (ISSUER, "portail", "n")
    assert not {"__proto__", "<b>", "", "a.b"} & set(claims)


NONCES = [
    "n" * 1_024, "é" * 1_024, "🏛️" * 512, "\u202e", "\ufeff", "e\u0301", "\u00e9", " ", " n ", "+", "%2B", "a\r\nb",
    "\t",
    '"', "\\u0000", "<script>", "null", "0", '{"$ne": 1}', "' OR 1=1 --",
]  # fmt: skip


def test_the_nonce_comes_back_as_it_was_sent(browser: Browser) -> None:
    """Sections 3.1.2.1 and 3.1.3.6: passed unmodified, neither trimmed nor normalised; one beyond is refused."""
    for nonce in NONCES:
        assert id_token_of(redeem(browser, code_of(browser.authorize(nonce=nonce))))["nonce"] == nonce
    for nonce in ("n" * 1_025, "é" * 1_025):
        assert error(browser.authorize(nonce=nonce)) == "invalid_request"
    assert error(browser.authorize(nonce=["n", "n"])) == "invalid_request"


LOCALES = [
    "fr\r\nSet-Cookie: evil=1", "../../../etc/passwd", "fr/../en", "..", "%2e%2e%2f", "*", "und", "x-klingon",
    "fr_FR.UTF-8@euro", "a" * 256, "{{7*7}}", '"><script>alert(1)</script>', "-", "--", "en-" * 80, "zz " * 80,
    "\u202e",
]  # fmt: skip


def test_no_language_breaks_a_page(at: Gateway) -> None:
    """Section 3.1.2.1: a preference, never a path nor a header; one that nobody speaks is no error."""
    for sent in LOCALES:
        stranger = at.browser()
        answer = stranger.authorize(ui_locales=sent, display=sent[:16], claims_locales=sent)
        page = page_of(answer, stranger)
        assert "evil" not in str(answer.headers) + str(page.headers), sent
        assert "<script>alert" not in page.text
        assert re.search(r'<html lang="(fr|en)"', page.text), sent
    stranger = at.browser()
    assert '<html lang="en"' in page_of(stranger.authorize(ui_locales="se en-GB fr"), stranger).text, "the control"


def test_words_of_the_languages_are_told_apart_by_spaces_only(at: Gateway) -> None:
    """Section 3.1.2.1: a space-separated list; no other white space parts it."""
    for sent in ("zz\u00a0en", "zz\ten", "zz\u2003en", "zz,en"):
        stranger = at.browser()
        assert '<html lang="fr"' in page_of(stranger.authorize(ui_locales=sent), stranger).text, sent
    stranger = at.browser()
    assert '<html lang="en"' in page_of(stranger.authorize(ui_locales="zz en"), stranger).text, "the control"


HINTS = [
    '"><script>alert(1)</script>', "' onfocus='alert(1)", "<img src=x onerror=alert(1)>", "{{7*7}}", "${7*7}",
    "\x1b[31m", "a\r\nSet-Cookie: evil=1", "\u202eevil", "javascript:alert(1)", ";;;;", ";" * 512, "' OR 1=1 --", "%00",
    "99900037500017;<b>;<i>", "99900037500017;\"autofocus;'x", "é" * 512, "</title><script>alert(1)</script>",
]  # fmt: skip


def test_a_login_hint_is_shown_as_text_or_not_at_all(at: Gateway) -> None:
    """Section 3.1.2.1: a stranger writes it; it is never markup, a header, nor a control character in our page."""
    for sent in HINTS:
        stranger = at.browser()
        answer = stranger.authorize(login_hint=sent)
        page = page_of(answer, stranger)
        assert "evil=1" not in str(answer.headers) + str(page.headers)
        assert not re.search(r"<script>alert|<img src=x|<b>|<i>|' onfocus|\x00|\x1b", page.text), sent
        assert "49" not in re.findall(r'value="([^"]*)"', page.text), "nothing is evaluated"
    stranger = at.browser()
    shown = html.unescape(page_of(stranger.authorize(login_hint="99900037500017;O'HARA;ZOÉ"), stranger).text)
    assert "O'HARA" in shown, "the control"


def test_a_login_hint_tells_nobody_who_exists(at: Gateway, browser: Browser, database: Database) -> None:
    """Section 3.1.2.1, RFC 9700 section 4.16: nothing is looked up; the known and the unknown get the same page."""
    seen = []
    for sent in ("99900037500017;MOUTIN;CLAIRE", "99900037500017;PERSON;NOBODY"):
        stranger = at.browser()
        with counted(database) as statements:
            page = page_of(stranger.authorize(login_hint=sent), stranger)
        seen.append((list(statements), len(page.text)))
    assert seen[0] == seen[1]
    assert not [statement for statement in seen[0][0] if "FROM accounts" in statement]


def test_the_same_request_twice_gives_two_codes(browser: Browser) -> None:
    """Sections 3.1.2.5 and 3.1.3: a request may be repeated (a reload); a code is never given twice."""
    codes = [code_of(browser.authorize()) for _ in range(5)]
    assert len(set(codes)) == 5
    assert [redeem(browser, code).status_code for code in codes] == [200] * 5, "the control"


def test_a_posted_request_is_read_as_one_in_the_address(at: Gateway, browser: Browser) -> None:
    """Section 3.1.2.1: GET and POST are both supported, and answered alike; the address of a POST is not read."""
    requests: list[dict[str, Any]] = [{"prompt": "none none"}, {"scope": "x"}, {"prompt": "x"}, {"max_age": "x"}]
    requests += [{"state": ["a", "b"]}, {"claims": "{"}, {"response_type": "token"}, {"nonce": "n" * 1_025}]
    for sent in requests:
        got, posted = members(browser.authorize(**sent)), members(by_post(browser, **sent))
        assert got | {"code": ""} == posted | {"code": ""}, sent
    sent_twice = browser.http.post("/authorize?prompt=none&client_id=spa", data={})
    assert sent_twice.status_code == 400, "nothing of the address counts"
    assert step(browser.post_authorize()) == "/authorize/resume", "the control"


def test_scopes_are_told_apart_by_spaces_only(browser: Browser) -> None:
    """Section 3.1.2.1, RFC 6749 section 3.3: U+0020 and nothing else; `openid<nbsp>email` is one unknown name."""
    for between in ("\u00a0", "\t", "\n", "\r\n", "\x0b", "\x1c", "\x85", "\u2003", "\u2028", "\u3000", ",", "+"):
        assert error(browser.authorize(scope=f"openid{between}email")) == "invalid_scope", repr(between)
        answer = redeem(browser, code_of(browser.authorize(scope=f"openid email{between}profile")))
        assert (answer.json or {})["scope"] == "openid", repr(between)
    answer = redeem(browser, code_of(browser.authorize(scope="  openid   email ")))
    assert (answer.json or {})["scope"] == "openid email", "the control"


def test_scopes_of_any_spelling_do_no_harm(browser: Browser) -> None:
    """Section 3.1.2.1: unknown scopes are ignored; `openid` is written one way."""
    for sent in ("OPENID", "OpenID", "\uff4fpenid", '"openid"', "openid.", "<b>", "é", "*", "  "):
        assert error(browser.authorize(scope=sent)) == "invalid_scope", repr(sent)
        answer = redeem(browser, code_of(browser.authorize(scope=f"openid {sent} email")))
        assert (answer.json or {})["scope"] == "openid email", repr(sent)


def test_without_openid_nothing_is_said_of_a_sign_in(browser: Browser) -> None:
    """Section 3.1.2.1: without `openid` it is an OAuth request: no ID token, no userinfo."""
    answer = redeem(browser, code_of(browser.authorize(scope="email profile")))
    assert "id_token" not in (answer.json or {})
    bearer = {"Authorization": f"Bearer {(answer.json or {})['access_token']}"}
    assert browser.http.get("/userinfo", headers=bearer).status_code == 403
    assert "id_token" in (redeem(browser, code_of(browser.authorize())).json or {}), "the control"


LEVELS = [
    "eidas3", "x" * 512, "<b>", "é", "eidas1\u00a0eidas3", " ", "*", "0", "eidas3 " * 60, "' OR 1=1",
    "urn:mace:incommon:iap:silver phr", "eidas3\r\nSet-Cookie: evil=1",
]  # fmt: skip


def test_a_level_that_is_asked_for_is_never_claimed(browser: Browser) -> None:
    """Sections 3.1.2.1 and 5.5.1.1: `acr_values` is a wish; the ID token says what was reached."""
    for sent in LEVELS:
        claims = id_token_of(redeem(browser, code_of(browser.authorize(acr_values=sent))))
        assert claims["acr"] == "eidas1", sent
    assert error(browser.authorize(acr_values="x" * 513)) == "invalid_request", "the control"


FOREIGN = {
    "verified_hint": "portail Sawyer", "signed": "yes", "pushed": "mark", "sub": "Sawyer", "username": "Sawyer",
    "account_id": "2", "session_id": "s", "acr": "eidas3", "auth_time": "0", "code": "mine", "access_token": "mine",
    "approved": "true", "t": "x", "__proto__": "x", "consent": "yes", "scopes": "phone",
}  # fmt: skip


@pytest.mark.parametrize("way", DOORS)
def test_what_is_not_understood_is_ignored(browser: Browser, way: str) -> None:
    """Section 3.1.2.2: other parameters are ignored, those of our own stored requests too."""
    sent = {"unknown": "x", **(FOREIGN if "object" not in way else {})}  # where sub may not be said at all
    claims = id_token_of(redeem(browser, code_of(DOORS[way](browser, **sent))))
    assert (claims["sub"], claims["acr"], claims["nonce"]) == ("Moutin", "eidas1", "n")


def test_a_request_cannot_say_that_it_was_signed(browser: Browser) -> None:
    """Sections 3.1.2.2 and 6.1: what we store of a signed request is no parameter that anybody sends."""
    for answer in (browser.authorize(client_id="signing", **FOREIGN), by_post(browser, client_id="signing", **FOREIGN)):
        assert error(answer) == "invalid_request"
    assert code_of(DOORS["object"](browser, client_id="signing")), "the control"


TEXTS = ("nonce", "state", "login_hint", "ui_locales", "acr_values", "display", "max_age", "prompt", "scope", "claims")


@pytest.mark.parametrize("way", DOORS)
def test_no_text_that_cannot_be_kept(browser: Browser, way: str) -> None:
    """Section 3.1.2.6: a NUL anywhere, in a signed object too, is an error and never a failure of ours."""
    for name in TEXTS:
        answer = DOORS[way](browser, **{name: "a\x00b"})
        assert answer.status_code == 400 or "error=" in location(answer), name
    assert code_of(DOORS[way](browser, nonce="ab")), "the control"
