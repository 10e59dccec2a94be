"""What every address of the widget says about itself (a snapshot: a change here is a decision)."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest

from tests.widget.conftest import NewContext
from tests.widget.driving import arrives, form, keep_going, login_page, opened, sign_in
from tests.widget.parents import frame_address
from tests.widget.places import Place

pytestmark = pytest.mark.browser
SAID = (
    "content-security-policy",
    "x-frame-options",
    "cross-origin-resource-policy",
    "cross-origin-embedder-policy",
    "cross-origin-opener-policy",
    "cache-control",
    "referrer-policy",
    "x-content-type-options",
)
NOT_A_PAGE = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
PAGE = (
    "default-src 'none'; script-src 'nonce-N'; style-src 'nonce-N'; img-src 'self'; font-src 'self'; {connect}"
    "form-action 'self'{targets}; frame-ancestors {framed}; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


def policy(framed: str = "'none'", targets: str = " PARTNER") -> str:
    connect = "" if framed == "'none'" else "connect-src 'self'; "
    return PAGE.format(framed=framed, targets=targets, connect=connect)


ALWAYS = {"cache-control": "no-store", "referrer-policy": "same-origin", "x-content-type-options": "nosniff"}
CLOSED = {**ALWAYS, "x-frame-options": "DENY", "cross-origin-resource-policy": "same-origin"}
FRAMED = {**ALWAYS, "cross-origin-resource-policy": "cross-origin", "cross-origin-embedder-policy": "require-corp"}
PUBLISHED = {
    "content-security-policy": NOT_A_PAGE,
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "cross-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


def said(place: Place, answer: httpx.Response) -> dict[str, str]:
    """What is looked at, nonces and ports left out."""
    text = {name: answer.headers[name] for name in SAID if name in answer.headers}
    written = re.sub("'nonce-[^']+'", "'nonce-N'", text.get("content-security-policy", ""))
    return {**text, "content-security-policy": written.replace(place.partner.origin, "PARTNER")}


def frame(place: Place) -> httpx.Response:
    return httpx.get(frame_address(place, place.partner.push()["request_uri"]))


def expired_frame(place: Place) -> httpx.Response:
    address = frame_address(place, "urn:ietf:params:oauth:request_uri:unknown")
    return httpx.get(address, headers={"Referer": place.partner.origin + "/"})


Ask = Callable[[Place], httpx.Response]


def post(path: str) -> Ask:
    return lambda place: httpx.post(place.issuer + path, json={}, headers={"Origin": place.issuer})


def get(path: str) -> Ask:
    return lambda place: httpx.get(place.issuer + path)


SNAPSHOT: dict[str, tuple[Ask, int, dict[str, str]]] = {
    "frame": (frame, 200, {**FRAMED, "content-security-policy": policy("PARTNER")}),
    "expired frame": (expired_frame, 400, {**FRAMED, "content-security-policy": policy("PARTNER", "")}),
    "no frame": (get("/widget/frame?client_id=x"), 403, {**CLOSED, "content-security-policy": policy(targets="")}),
    "submit": (post("/widget/submit"), 403, {**CLOSED, "content-security-policy": NOT_A_PAGE}),
    "renew": (post("/widget/renew"), 403, {**CLOSED, "content-security-policy": NOT_A_PAGE}),
    "message": (post("/widget/message"), 403, {**CLOSED, "content-security-policy": NOT_A_PAGE}),
    "handover": (post("/widget/handover"), 403, {**CLOSED, "content-security-policy": policy(targets="")}),
    "continue": (get("/widget/continue?t=x"), 404, {**CLOSED, "content-security-policy": policy(targets="")}),
    "page": (get("/widget/page?tx=x"), 404, {**CLOSED, "content-security-policy": policy(targets="")}),
    "pinned loader": (
        get("/w/1.0.0/mire-login.js"), 200, {**PUBLISHED, "cache-control": "public, max-age=31536000, immutable"},
    ),
    "newest loader": (get("/w/1/mire-login.js"), 200, {**PUBLISHED, "cache-control": "public, max-age=300"}),
    "manifest": (get("/w/manifest.json"), 200, {**PUBLISHED, "cache-control": "public, max-age=300"}),
}  # fmt: skip


def test_an_address_says_what_it_is(place: Place) -> None:
    """Widget case 40: X-Frame-Options is DENY everywhere but for the form, whose policy names its one parent."""
    for name, (ask, status, expected) in SNAPSHOT.items():
        answer = ask(place)
        assert (name, answer.status_code, said(place, answer)) == (name, status, expected)


def test_a_whole_sign_in_shows_no_other_page_that_may_be_framed(place: Place, new_context: NewContext) -> None:
    """Widget case 40: every answer of the gateway, as the browser got it."""
    page = opened(new_context(), login_page(place))
    sign_in(form(page))
    keep_going(page)
    arrives(page)
    open_ones = [one.path for one in place.wire.exchanges if one.said("x-frame-options") != "DENY"]
    assert set(open_ones) == {"/widget/frame"}
    for one in place.wire.exchanges:
        assert "frame-ancestors" in one.said("content-security-policy"), one.path
        assert one.said("x-content-type-options") == "nosniff", one.path
