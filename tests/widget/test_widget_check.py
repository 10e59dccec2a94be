"""What the check says of a page's policies is what Chromium does with that page."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from idp.domain.portals.partner_pages import read_page
from idp.domain.portals.widget_check import judge_page
from idp.domain.portals.widget_findings import Expected, Found
from idp.domain.portals.widgets import Widget
from idp.web.portals.widget_loader import loader_addresses
from tests.widget.conftest import NewPlace
from tests.widget.places import Place
from tests.widget.relying_party import Served

pytestmark = pytest.mark.browser

LOADER = "/w/1.0.0/mire-login.js"
DIGEST = loader_addresses()[LOADER]
REFUSALS = {
    "script-src-elem": {Found.SCRIPT_REFUSED, Found.SCRIPT_NEEDS_NONCE},
    "frame-src": {Found.FRAME_REFUSED},
    "connect-src": {Found.START_REFUSED},
}
POLICIES = [
    "default-src 'none'; script-src OP 'nonce-watch'; frame-src OP; connect-src 'self'",
    "default-src 'self' 'nonce-watch'",
    "default-src OP 'self' 'nonce-watch'",
    "script-src 'nonce-watch'; frame-src *",
    "script-src 'nonce-watch' 'DIGEST'",
    "script-src 'nonce-watch' 'nonce-n'; frame-src 'none'",
    "script-src 'strict-dynamic' 'nonce-watch' OP",
    "script-src 'strict-dynamic' 'nonce-watch' 'nonce-n'; connect-src OP",
    "script-src-elem OP/w/ 'nonce-watch'; script-src 'none'; child-src OP/widget/; connect-src *",
    "script-src OP/w 'nonce-watch'",
    "script-src OP 'nonce-watch'; child-src 'none'",
    "script-src OP 'nonce-watch'; frame-src 'none'; child-src *",
    "script-src http: 'nonce-watch'; frame-src http:; connect-src http:",
    "script-src https: 'nonce-watch'",
    "script-src *.localhost:* localhost:* 'nonce-watch'; frame-src LOCAL",
    "script-src OP 'nonce-watch', script-src 'nonce-watch'",
    "script-src OP 'nonce-watch'; SCRIPT-SRC 'none'; frame-src OP; frame-src 'none'",
]
WATCH = """<script nonce="watch">
window.broken = []; window.done = new Promise(resolve => { window.finish = resolve; setTimeout(resolve, 9000) });
document.addEventListener("securitypolicyviolation", (event) => {
  if (event.disposition === "enforce") { broken.push(event.effectiveDirective); finish() } });
document.addEventListener("mire-login:ready", () => finish());
</script>"""


@pytest.fixture
def place(new_place: NewPlace) -> Place:
    """The partner's widget is on."""
    return new_place(change=lambda client: replace(client, widget=Widget(origins=(client.redirect_uris[0][:-13],))))


@pytest.mark.parametrize("policy", POLICIES)
def test_the_judgement_is_chromiums(place: Place, page: Page, policy: str) -> None:
    """A refusal is found where Chromium reports one, and nowhere else; the first, as the next then never comes."""
    origin, issuer = place.partner.origin, place.issuer
    policy = policy.replace("OP", issuer).replace("DIGEST", DIGEST).replace("LOCAL", issuer.removeprefix("http://"))
    tag = f'<script nonce="n" src="{issuer}{LOADER}" integrity="{DIGEST}" crossorigin="anonymous" async></script>'
    element = (
        f'<mire-login issuer="{issuer}" client-id="portail" start-url="/sso/start"><a href="/x">x</a></mire-login>'
    )
    html, headers = f"<!doctype html>{WATCH}{tag}{element}", {"Content-Security-Policy": policy}
    headers["Content-Type"] = "text/html; charset=utf-8"
    place.partner.pages["/here"] = Served(html, headers)
    page.goto(f"{origin}/here")
    page.evaluate("done")
    broken: list[str] = page.evaluate("broken")
    expected = Expected(issuer, "portail", loader_addresses())
    judged = read_page(f"{origin}/here", {name.lower(): value for name, value in headers.items()}, html.encode())
    found = {finding.found for finding in judge_page(judged, expected)}
    refused = [directive for directive, findings in REFUSALS.items() if found & findings]
    if not refused:
        assert broken == []
        expect(page.frame_locator("mire-login iframe").locator("#submit")).to_be_visible()
    elif refused[0] == "script-src-elem":
        assert broken[:1] == ["script-src-elem"]
    else:
        assert set(broken) <= set(refused)
        assert broken
