"""The test client that every test of an answer gets: it asserts the hygiene of each one."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

REQUIRED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}
NONCE = re.compile(r"script-src 'nonce-([\w-]{16,})'")


class Inline(HTMLParser):
    """Finds what a policy with a nonce forbids, and what would leave our origin."""

    def __init__(self, nonce: str) -> None:
        super().__init__()
        self.nonce = nonce
        self.found: list[str] = []
        self._inside_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._inside_script = tag == "script"
        if tag in ("script", "style") and given.get("nonce") != self.nonce:
            self.found.append(f"<{tag}> without the nonce")
        if tag == "script" and not given.get("src"):
            self.found.append("inline script")
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.found.append(f"{tag} {name}=")
            if name in ("href", "src", "action") and (value or "").strip().lower().startswith("javascript:"):
                self.found.append(f"{tag} {name}=javascript:")
            if name == "src" and urlsplit(value or "").netloc:
                self.found.append(f"{tag} src={value}")

    def handle_endtag(self, tag: str) -> None:
        self._inside_script = False

    def handle_data(self, data: str) -> None:
        if self._inside_script and data.strip():
            self.found.append("inline script text")


class HygienicClient(FlaskClient):
    """A Flask test client that refuses any answer without hygiene, whatever the test is about."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        for answer in (*response.history, response):
            assert_hygiene(answer)
        return response


def assert_hygiene(response: TestResponse) -> None:
    headers = response.headers
    framed = may_be_framed(response)
    # X-Frame-Options cannot name an origin: a page that one may frame has none, any other page refuses all.
    required = {**REQUIRED, "X-Frame-Options": None} if framed else REQUIRED
    assert {name: headers.get(name) for name in required} == required
    assert headers.get("Permissions-Policy")
    assert headers.get("Cache-Control"), "an answer says whether it may be kept"
    policy = headers.get("Content-Security-Policy", "")
    for directive in ("default-src 'none'", "base-uri 'none'", "form-action "):
        assert directive in policy, policy
    # Only an answer by message and the widget may be framed, and only by one origin written out.
    ancestors = r"https?://[a-z0-9.:-]+" if framed else "'none'"
    assert re.search(f"frame-ancestors {ancestors};", f"{policy};"), policy
    assert "unsafe-" not in policy
    if response.request.environ["wsgi.url_scheme"] == "https":
        assert "max-age=63072000" in headers.get("Strict-Transport-Security", "")
    for name, value in headers:
        assert "\r" not in value + name
        assert "\n" not in value + name
    for cookie in headers.getlist("Set-Cookie"):
        assert_cookie(cookie, secure=response.request.environ["wsgi.url_scheme"] == "https")
    if response.mimetype == "text/html" and response.data:
        assert_page(response, policy)
    elif response.mimetype == "application/json" and response.data:
        json.loads(response.data)


def may_be_framed(response: TestResponse) -> bool:
    """An answer by message, or a page of the widget: each names the one page that it speaks to."""
    body = response.get_data()
    return re.search(rb'(id="answer" data-origin|<body class="framed [^"]*" data-parent)="https?:', body) is not None


def assert_cookie(cookie: str, *, secure: bool) -> None:
    assert not cookie.startswith("session="), "Flask's own session is never used"
    for attribute in ("HttpOnly", "Path=/"):
        assert attribute in cookie
    if secure:
        assert cookie.startswith(("__Host-", "__Secure-"))
        assert "Secure" in cookie


def assert_page(response: TestResponse, policy: str) -> None:
    nonce = NONCE.search(policy)
    assert nonce is not None, policy
    inline = Inline(nonce.group(1))
    inline.feed(response.get_data(as_text=True))
    assert inline.found == []
    assert '<html lang="' in response.get_data(as_text=True)
    if "no-store" not in response.headers["Cache-Control"]:
        raise AssertionError("a page with a nonce must not be kept")
