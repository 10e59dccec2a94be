"""Nothing that others write becomes markup, a header, a style that fetches, or a way out to another site."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest
from playwright.sync_api import expect

from idp.domain.portals.themes import Theme
from tests.browser.conftest import THEMES
from tests.widget.conftest import NewContext, NewPlace
from tests.widget.driving import arrives, form, heard, hears, keep_going, login_page, opened, sign_in
from tests.widget.parents import frame_address, framing, shows_the_form
from tests.widget.places import Place
from tests.widget.relying_party import Served

pytestmark = pytest.mark.browser
MARKUP = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>"
SPLIT = "a\r\nSet-Cookie: evil=1\r\n\r\n<script>alert(1)</script>"


def reading(place: Place) -> str:
    """A rule that would tell a stranger what is typed, and one that asks it for a picture at once."""
    leak = f"url({place.attacker.origin}/leak)"
    return f"body{{background-image:{leak}}}input[value]{{background:{leak}}}@font-face{{font-family:x;src:{leak}}}"


def test_a_theme_that_fetches_fetches_nothing(new_place: NewPlace, new_context: NewContext) -> None:
    """Widget case 35: though it passed the registration somehow: the policy stops it, and the browser says so.

    The control is the same style in a page without our policy.
    """
    themes = dict(THEMES.themes)
    place = new_place(change=lambda client: replace(client, theme="forced"), themes=themes)
    themes["forced"] = Theme("forced", css=reading(place))
    page = new_context().new_page()
    reports: list[str] = []
    page.on("console", lambda line: reports.append(line.text) if line.type == "error" else None)
    place.partner.pages["/framing"] = Served(framing(frame_address(place)))
    page.goto(place.partner.origin + "/framing")
    assert shows_the_form(page)
    page.wait_for_load_state("networkidle")
    assert [path for path in place.attacker.asked if "leak" in path] == []
    assert any("img-src" in report for report in reports)
    place.partner.pages["/bare"] = Served(f"<!doctype html><title>b</title><style>{reading(place)}</style><p>b")
    with page.expect_response("**/leak"):
        page.goto(place.partner.origin + "/bare")


def test_what_an_address_says_is_never_markup(place: Place) -> None:
    """Widget case 36: in a page or a header of the frame."""
    known = {"request_uri": place.partner.push()["request_uri"], "client_id": "portail", "ch": "0" * 32}
    for where in ("lang", "ch", "scheme", "client_id"):
        for what in (MARKUP, SPLIT):
            answer = httpx.get(place.issuer + "/widget/frame", params={**known, where: what})
            assert "alert(" not in answer.text, where
            assert "set-cookie" not in answer.headers
            assert "alert(" not in str(answer.headers)


@pytest.mark.parametrize("state", [MARKUP, SPLIT], ids=["markup", "split"])
def test_a_state_comes_back_as_it_was_and_is_nothing_else(place: Place, new_context: NewContext, state: str) -> None:
    """Widget case 36: to the partner alone, whole, and no header of ours is split by it."""
    place.partner.asks["state"] = state
    context = new_context()
    page = opened(context, login_page(place))
    page.add_init_script("window.alert = () => location.assign('/alerted')")
    sign_in(form(page))
    keep_going(page)
    page.locator("#said").wait_for()
    assert place.partner.codes[-1]["state"] == state
    assert "evil" not in {cookie["name"] for cookie in context.cookies()}
    assert place.attacker.asked == []


def pushed(place: Place) -> dict[str, str]:
    return {
        "response_type": "code", "scope": "openid", "redirect_uri": place.partner.origin + "/sso/callback",
        "nonce": "n", "code_challenge": "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM", "code_challenge_method": "S256",
        "widget_origin": place.partner.origin,
    }  # fmt: skip


def test_a_partners_name_is_text(new_place: NewPlace, new_context: NewContext) -> None:
    """Widget case 36: in the frame, and on the page of the hand-over."""
    place = new_place(change=lambda client: replace(client, client_name=MARKUP))
    page = opened(new_context(), login_page(place))
    page.add_init_script("window.alert = () => location.assign('/alerted')")
    sign_in(form(page))
    page.wait_for_url("**/widget/continue*")
    expect(page.locator("button[name=keep][value=yes]")).to_contain_text(MARKUP)
    keep_going(page)
    arrives(page)


ELSEWHERE = ("{evil}/cb", "{partner}/sso/callback/../../x", "{partner}@{evil_host}/sso/callback", "//{evil_host}/")


def test_the_fallback_leads_nowhere_else(place: Place, new_context: NewContext) -> None:
    """Widget case 38: neither a pushed redirect URI nor one beside the request_uri; the control: the registered one."""
    evil = urlsplit(place.attacker.origin).netloc
    page = new_context().new_page()
    for address in ELSEWHERE:
        there = address.format(evil=place.attacker.origin, partner=place.partner.origin, evil_host=evil)
        assert place.partner.post("/par", {**pushed(place), "state": "s", "redirect_uri": there}).status_code == 400
        request_uri = place.partner.push()["request_uri"]
        beside = f"client_id=portail&request_uri={request_uri}&redirect_uri={quote(there, safe='')}"
        page.goto(f"{place.issuer}/authorize?{beside}")
        assert page.url.startswith((place.issuer, place.partner.origin + "/sso/callback?"))
        if page.url.startswith(place.issuer) and page.locator("#password").count():
            sign_in(page)
            page.locator("#said").wait_for()
            assert page.url.startswith(place.partner.origin + "/sso/callback?")
    assert not place.attacker.asked


def test_an_unknown_frame_leads_to_no_address_of_the_url(place: Place) -> None:
    """Widget case 38: opened at the top, `/widget/frame` goes to our own /authorize and to no other place."""
    answer = httpx.get(
        place.issuer + "/widget/frame",
        params={"client_id": "portail", "request_uri": place.attacker.origin, "next": place.attacker.origin},
        headers={"Sec-Fetch-Dest": "document"},
    )
    assert answer.status_code == 303
    there = urlsplit(answer.headers["Location"])
    assert (there.netloc, there.path) in {("", "/authorize"), (urlsplit(place.issuer).netloc, "/authorize")}
    assert set(parse_qs(there.query)) == {"client_id", "request_uri"}


def test_start_url_of_another_origin_is_not_asked(place: Place, new_context: NewContext) -> None:
    """Widget case 38: the control is the page's own, in every other test."""
    place.attacker.pages["/sso/start"] = Served(
        '{"request_uri": "urn:x", "expires_in": 300}',
        {"Access-Control-Allow-Origin": place.partner.origin, "Content-Type": "application/json"},
    )
    page = opened(new_context(), login_page(place, f"start-url={place.attacker.origin}/sso/start"))
    assert hears(page, "blocked") == {"reason": "expired"}
    assert place.attacker.asked == []
    assert page.locator("iframe").count() == 0
    assert heard(page, "success") == []


def test_a_themes_help_opens_apart_and_leaves_no_opener(place: Place, new_context: NewContext) -> None:
    """Widget case 38."""
    page = opened(new_context(), login_page(place))
    form(page).locator("#password").wait_for()
    for link in form(page).locator("a[target=_blank]").all():
        assert set((link.get_attribute("rel") or "").split()) >= {"noopener", "noreferrer"}
