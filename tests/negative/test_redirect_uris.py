"""RFC 9700 sections 2.1 and 4.1: nothing but a registered redirect URI is one, whatever way the request came."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from werkzeug.test import TestResponse

from tests.negative.conftest import DOORS, by_object, code_of, redeem, refusal
from tests.portals import CALLBACK, Browser, error, location, request_of

EVIL = "evil.example"
HOST = "portail.example.fr"
TRICKS = {
    "an address that begins alike": f"https://{HOST}/cb.{EVIL}",
    "a host that begins alike": f"https://{HOST}.{EVIL}/cb",
    "a host that ends alike": f"https://not-{HOST}/cb",
    "a host below": f"https://evil.{HOST}/cb",
    "a host above": "https://example.fr/cb",
    "ours as a path": f"https://{EVIL}/{CALLBACK}",
    "ours as a query": f"https://{EVIL}/?{CALLBACK}",
    "traversal": f"https://{HOST}/cb/../evil",
    "traversal that ends there": f"https://{HOST}/evil/../cb",
    "traversal with a semicolon": f"https://{HOST}/cb/..;/evil",
    "a dot segment": f"https://{HOST}/./cb",
    "two slashes": f"https://{HOST}//cb",
    "encoded traversal": f"https://{HOST}/cb%2f..%2fevil",
    "encoded dots": f"https://{HOST}/cb/%2e%2e/evil",
    "traversal encoded twice": f"https://{HOST}/cb/%252e%252e/evil",
    "overlong dots": f"https://{HOST}/cb/%c0%ae%c0%ae/evil",
    "an encoded letter": f"https://{HOST}/c%62",
    "ours as user info": f"https://{HOST}@{EVIL}/cb",
    "ours as user and password": f"https://{HOST}:443@{EVIL}/cb",
    "ours as encoded user info": f"https://{HOST}%40{EVIL}/cb",
    "an encoded slash in the host": f"https://{EVIL}%2f{HOST}/cb",
    "an encoded dot in the host": "https://portail%2eexample.fr/cb",
    "user info before ours": f"https://evil@{HOST}/cb",
    "the default port": f"https://{HOST}:443/cb",
    "another port": f"https://{HOST}:8443/cb",
    "an empty port": f"https://{HOST}:/cb",
    "a fragment": f"{CALLBACK}#evil",
    "an empty fragment": f"{CALLBACK}#",
    "an encoded fragment": f"{CALLBACK}%23evil",
    "an empty query": f"{CALLBACK}?",
    "a query": f"{CALLBACK}?next=https://{EVIL}/",
    "more than the registered query": f"{CALLBACK}?dummy1=lorem&code=evil",
    "less than the registered query": f"{CALLBACK}?dummy1=lore",
    "an encoded query": f"{CALLBACK}%3fdummy1=lorem",
    "path parameters": f"{CALLBACK};evil",
    "a slash at the end": f"{CALLBACK}/",
    "a path below": f"{CALLBACK}/evil",
    "the whole site": f"https://{HOST}/",
    "no path": f"https://{HOST}",
    "a dot at the end of the host": f"https://{HOST}./cb",
    "an encoded dot at its end": f"https://{HOST}%2e/cb",
    "ideographic dots": "https://portail\u3002example\u3002fr/cb",
    "fullwidth dots": "https://portail\uff0eexample\uff0efr/cb",
    "a fullwidth letter": f"https://\uff50{HOST[1:]}/cb",
    "a fullwidth slash": f"https://{EVIL}\uff0f{HOST}/cb",
    "a Cyrillic letter": f"https://p\u043e{HOST[2:]}/cb",
    "its punycode": "https://xn--prtail-jbh.example.fr/cb",
    "a soft hyphen": "https://portail.exam\u00adple.fr/cb",
    "a space without width": f"https://{HOST}\u200b/cb",
    "a text that runs backwards": f"https://{HOST}/\u202ecb",
    "a combining accent": f"https://{HOST}/cb\u0301",
    "the host in capitals": f"https://{HOST.upper()}/cb",
    "the path in capitals": f"https://{HOST}/CB",
    "the scheme in capitals": f"HTTPS://{HOST}/cb",
    "a Kelvin sign for a letter": f"https://{HOST}/\u212a",
    "no encryption": f"http://{HOST}/cb",
    "no scheme": f"//{HOST}/cb",
    "no slashes": f"https:{HOST}/cb",
    "three slashes": f"https:///{HOST}/cb",
    "a path alone": "/cb",
    "a script": f"javascript:location='//{EVIL}'//{CALLBACK}",
    "a script of several lines": f"javascript://{HOST}/cb%0aalert(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "a blob": f"blob:{CALLBACK}",
    "the source view": f"view-source:{CALLBACK}",
    "a file": "file:///cb",
    "an intent": f"intent://{HOST}/cb#Intent;scheme=https;end",
    "out of band": "urn:ietf:wg:oauth:2.0:oob",
    "nothing at all": "about:blank",
    "null": "null",
    "a star": "*",
    "a star for the host": "https://*/cb",
    "a backslash before user info": f"https://{HOST}\\@{EVIL}/cb",
    "a backslash in the path": f"https://{HOST}\\cb",
    "backslashes for slashes": f"https:\\\\{HOST}\\cb",
    "slash and backslash": f"/\\{EVIL}",
    "a header": f"{CALLBACK}\r\nLocation: https://{EVIL}/",
    "an encoded header": f"{CALLBACK}%0d%0aLocation:%20https://{EVIL}/",
    "a line feed at the end": f"{CALLBACK}\n",
    "a carriage return inside": f"https://{HOST}/c\rb",
    "a line of another script": f"{CALLBACK}\u2028",
    "a NUL at the end": f"{CALLBACK}\x00",
    "a NUL and a host": f"{CALLBACK}\x00.{EVIL}",
    "an encoded NUL": f"{CALLBACK}%00",
    "a tab inside": f"https://{HOST}/c\tb",
    "a tab in the scheme": f"ht\ttps://{HOST}/cb",
    "a space before": f" {CALLBACK}",
    "a space after": f"{CALLBACK} ",
    "a byte order mark": f"\ufeff{CALLBACK}",
    "two of them in one": f"{CALLBACK} https://{EVIL}/",
    "two of them with a comma": f"{CALLBACK},https://{EVIL}/",
    "as JSON": f'["{CALLBACK}"]',
    "a long one": f"{CALLBACK}?" + "x" * 4000,
    "of our own site": "https://connexion.example.fr/account",
    "of a native application": "http://127.0.0.1/cb",
}


def is_refused(answer: TestResponse) -> bool:
    """A page or JSON of ours: no redirect, and nothing of the address in what is shown."""
    return answer.status_code == 400 and "Location" not in answer.headers and EVIL not in answer.text


def followed(answers: Callable[..., TestResponse], **parameters: Any) -> list[str]:
    """The tricks that were not refused."""
    return [name for name, uri in TRICKS.items() if not is_refused(answers(redirect_uri=uri, **parameters))]


@pytest.mark.parametrize("way", DOORS)
def test_no_trick_is_a_redirect_uri(browser: Browser, way: str) -> None:
    """RFC 9700 sections 2.1, 4.1.3 and RFC 6749 section 3.1.2.3: simple string comparison, at every way in.

    Nor does an error go there: RFC 9700 section 4.11.2, RFC 6749 section 4.1.2.1.
    """
    door = partial(DOORS[way], browser)
    for wrong in ({}, {"response_type": "token"}, {"prompt": "none", "scope": "unknown"}):
        assert followed(door, **wrong) == []
    for registered in (CALLBACK, f"{CALLBACK}?dummy1=lorem"):
        assert code_of(door(redirect_uri=registered)), "the control"


@pytest.mark.parametrize("way", ["get", "post", "object"])
def test_at_a_registered_one_the_error_arrives(browser: Browser, way: str) -> None:
    """RFC 6749 section 4.1.2.1: the control of the refusals above."""
    assert error(DOORS[way](browser, response_type="token")) == "unsupported_response_type"


def test_an_address_beside_a_broken_object_is_not_believed(browser: Browser) -> None:
    """RFC 9101 section 6.3, RFC 9700 section 4.11.2: what is outside tells where an error goes only if registered."""
    for broken in ({"request": "e30.e30.x"}, {"request_uri": f"https://{EVIL}/object"}):
        assert followed(browser.authorize, **broken) == []
        assert location(browser.authorize(**broken)).startswith(f"{CALLBACK}?error=invalid_request_"), "the control"


def test_no_response_mode_opens_another_address(browser: Browser) -> None:
    """RFC 9700 section 4.1: a fragment, a form, a message and a signed response go where a query goes."""
    for mode in ("fragment", "form_post", "web_message", "jwt", "form_post.jwt"):
        for parameters in ({}, {"scope": "unknown"}):
            assert followed(browser.authorize, response_mode=mode, **parameters) == []
        assert browser.authorize(response_mode=mode).status_code in (200, 303), "the control"


TWICE = {
    "the good one first": f"redirect_uri={quote(CALLBACK)}&redirect_uri=https://{EVIL}/",
    "the good one last": f"redirect_uri=https://{EVIL}/&redirect_uri={quote(CALLBACK)}",
    "the good one twice": f"redirect_uri={quote(CALLBACK)}&redirect_uri={quote(CALLBACK)}",
    "both that are registered": f"redirect_uri={quote(CALLBACK)}&redirect_uri={quote(CALLBACK + '?dummy1=lorem')}",
    "as an array": f"redirect_uri[]={quote(CALLBACK)}",
    "by number": f"redirect_uri[0]={quote(CALLBACK)}&redirect_uri[1]=https://{EVIL}/",
    "in capitals": f"REDIRECT_URI={quote(CALLBACK)}",
    "with a space": f"redirect_uri%20={quote(CALLBACK)}",
    "after a semicolon": f"x=1;redirect_uri={quote(CALLBACK)}",
    "without a value": "redirect_uri=",
    "without a sign": "redirect_uri",
    "as bytes that are no text": f"redirect_uri={quote(CALLBACK)}%ff",
    "cut in a character": f"redirect_uri={quote(CALLBACK)}%e2%80",
}


def test_one_redirect_uri_under_its_name(browser: Browser) -> None:
    """RFC 6749 section 3.1, RFC 9700 section 4.1: parameter pollution; which of two counts is never a question."""
    rest = urlencode(request_of(redirect_uri=None))
    for name, sent in TWICE.items():
        for query in (f"{rest}&{sent}", f"{sent}&{rest}"):
            assert is_refused(browser.http.get(f"/authorize?{query}")), name
            posted = browser.http.post("/authorize", data=query, content_type="application/x-www-form-urlencoded")
            assert is_refused(posted), name
    assert code_of(browser.http.get(f"/authorize?{rest}&redirect_uri={quote(CALLBACK)}")), "the control"


def test_what_is_in_the_address_of_a_posted_request_is_not_read(browser: Browser) -> None:
    """RFC 9700 section 4.1: two places are parameter pollution too."""
    sent = browser.http.post(f"/authorize?redirect_uri=https://{EVIL}/", data=request_of())
    assert location(browser.http.get(location(sent))).startswith(f"{CALLBACK}?"), "the body counts"
    nowhere = browser.http.post(f"/authorize?redirect_uri={quote(CALLBACK)}", data=request_of(redirect_uri=None))
    assert is_refused(nowhere)


def test_inside_an_object_it_is_a_text(browser: Browser) -> None:
    """RFC 9101 section 4: parameters inside are texts, as outside."""
    for value in ([CALLBACK], [CALLBACK, f"https://{EVIL}/"], {"uri": CALLBACK}, 1, True, ""):
        assert is_refused(by_object(browser, redirect_uri=value)), value
    assert code_of(by_object(browser)), "the control"


NATIVE = [
    "http://localhost/cb", "http://localhost:49152/cb", "http://127.1:49152/cb", "http://2130706433:49152/cb",
    "http://0x7f000001:49152/cb", "http://017700000001/cb", "http://127.0.0.1.:49152/cb", "http://127.000.000.001/cb",
    "http://0.0.0.0:49152/cb", "http://0/cb", "http://[::ffff:127.0.0.1]:49152/cb", "http://[::]/cb",
    "http://[0:0:0:0:0:0:0:1]:49152/cb", "http://[::1%25eth0]:49152/cb", "http://127.0.0.1:/cb", "http://127.0.0.1:+1/cb",
    "http://127.0.0.1:-1/cb", "http://127.0.0.1:1e3/cb", "http://127.0.0.1:\u0661\u0662/cb", "http://127.0.0.1: 80/cb",
    "http://127.0.0.1:49152\\@evil.example/cb", "http://127.0.0.1:49152#@evil.example/cb",
    "http://evil.example#@127.0.0.1:49152/cb", "http://evil@127.0.0.1:49152/cb", "http://127.0.0.1:49152/cb?x",
    "http://127.0.0.1:49152/cb#x", "http://127.0.0.1:49152/cb/../x", "http://127.0.0.1:49152//cb",
    "http://127.0.0.1:49152/cb\n", "http://127.0.0.1:49152/c\nb", "http://127.0.0.1:49152\n/cb",
    "HTTP://127.0.0.1:49152/cb", "ws://127.0.0.1:49152/cb", "http:127.0.0.1:49152/cb", "http://127.0.0.1:1:2/cb",
    "http://127.0.0.1:999999/cb", "http://\uff11\uff12\uff17.0.0.1:49152/cb",
]  # fmt: skip


def test_of_a_loopback_address_only_the_port_is_free(browser: Browser) -> None:
    """RFC 8252 section 7.3, RFC 9700 section 2.1: literal addresses, and digits after the colon."""
    bad = [uri for uri in NATIVE if not is_refused(browser.authorize(client_id="native", redirect_uri=uri))]
    assert bad == []
    for uri in ("http://127.0.0.1:49152/cb", "http://[::1]:49152/cb"):
        assert location(browser.authorize(client_id="native", redirect_uri=uri)).startswith(f"{uri}?"), "the control"


def test_a_web_client_has_no_loopback_freedom(browser: Browser) -> None:
    """RFC 9700 section 2.1: the exception is for native applications."""
    for uri in ("http://127.0.0.1:49152/cb", f"https://{HOST}:49152/cb", "http://[::1]/cb"):
        assert is_refused(browser.authorize(redirect_uri=uri))


def test_no_trick_redeems_a_code(browser: Browser) -> None:
    """RFC 6749 section 4.1.3: the redirect URI of the token request is the one of the authorization request."""
    code = code_of(browser.authorize())
    answers = {name: redeem(browser, code, redirect_uri=uri) for name, uri in TRICKS.items()}
    assert {name for name, answer in answers.items() if answer.status_code != 400} == set()
    assert {refusal(answer) for answer in answers.values()} <= {"invalid_grant", "invalid_request"}
    other = redeem(browser, code, redirect_uri=f"{CALLBACK}?dummy1=lorem")
    assert refusal(other) == "invalid_grant", "also one that is registered, but was not the one asked for"
    assert redeem(browser, code).status_code == 200, "the control: and no attempt spent it"
