"""A person signs in inside a partner's page, in a browser without third-party cookies."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from idp.domain.portals.widgets import Completion
from tests.widget.conftest import NewContext, NewPlace
from tests.widget.driving import arrives, fill, form, heard, hears, keep_going, login_page, opened, sign_in, submit
from tests.widget.places import Place, with_widget
from tests.widget.relying_party import Served

pytestmark = pytest.mark.browser


def signed_in_by_frame(context: object, place: Place) -> Page:
    """The partner's page after a first framed sign-in of this browser."""
    page = opened(context, login_page(place))  # type: ignore[arg-type]
    sign_in(form(page))
    keep_going(page)
    arrives(page)
    return page


def test_a_framed_sign_in_ends_at_the_redirect_uri_with_a_session_of_ours(
    place: Place, new_context: NewContext
) -> None:
    """Widget case 1: the partner holds an ID token whose nonce it checked; our session is a first-party one."""
    context = new_context()
    signed_in_by_frame(context, place)
    (person,) = place.partner.people
    assert (person["sub"], person["acr"], person["channel"]) == ("Moutin", "eidas1", "frame")
    names = {cookie["name"] for cookie in context.cookies(place.issuer)}
    assert {"mire_sid", "mire_browser", "mire_seen"} <= names
    assert all("partitionKey" not in cookie for cookie in context.cookies(place.issuer))
    (handover,) = place.wire.of("/widget/handover")
    assert handover.headers["sec-fetch-dest"] == "document"


def test_a_framed_sign_in_can_end_with_a_message(new_place: NewPlace, new_context: NewContext) -> None:
    """Widget case 2: the back end redeems what the page was told, and nobody has a session of ours."""
    place = new_place(change=with_widget(completion=Completion.MESSAGE))
    place.partner.asks["response_mode"] = "web_message"
    context = new_context()
    page = opened(context, login_page(place, "start-url=/sso/start completion=message"))
    sign_in(form(page))
    told = hears(page, "success")
    assert (told["iss"], told["source"]) == (place.issuer, "frame")
    callback = "body => fetch('/sso/callback', {method: 'POST', headers: {'Content-Type': 'application/json'}, body})"
    said = page.evaluate(
        f"{callback}.then((answer) => answer.json())", page.evaluate("told => JSON.stringify(told)", told)
    )
    assert said == {"said": "bonjour Moutin"}
    assert place.partner.people[-1]["channel"] == "frame"
    assert context.cookies(place.issuer) == []


def test_the_frame_neither_sets_nor_sends_a_cookie(place: Place, new_context: NewContext) -> None:
    """Widget case 4: not even in a browser that has a session of ours; the top-level pages are the control."""
    context = new_context()
    signed_in_by_frame(context, place)
    begun = len(place.wire.exchanges)
    page = opened(context, login_page(place))
    sign_in(form(page))
    arrives(page)
    seen = place.wire.exchanges[begun:]
    framed = [one for one in seen if one.path in ("/widget/frame", "/widget/submit", "/widget/renew")]
    assert {one.path for one in framed} >= {"/widget/frame", "/widget/submit"}
    assert all("cookie" not in one.headers and not one.cookies_set for one in framed)
    (handover,) = (one for one in seen if one.path == "/widget/handover")
    assert "mire_sid" in handover.headers["cookie"], "the control"


def test_a_wrong_password_is_told_in_the_frame_and_the_next_one_counts(place: Place, new_context: NewContext) -> None:
    """Widget case 5: an alert, the focus on a field, the frame grows, and another one-time token."""
    page = opened(new_context(), login_page(place))
    tried: list[str] = []
    page.on("request", lambda sent: tried.append(sent.post_data_json["tx"]) if "/widget/submit" in sent.url else None)
    inside = form(page)
    inside.locator("#password").wait_for()
    hears(page, "resize")
    before = heard(page, "resize")[-1]["height"]
    sign_in(inside, "wrong")
    expect(inside.locator("#notice[role=alert]")).to_contain_text("Connexion refusée")
    assert hears(page, "error")["error"] == "invalid_credentials"
    expect(inside.locator("input:focus")).to_have_count(1)
    page.wait_for_function("was => heard.some(([name, told]) => name === 'resize' && told.height > was)", arg=before)
    fill(inside)
    submit(inside)
    keep_going(page)
    arrives(page)
    assert len(tried) == len(set(tried)) == 2


def test_an_expired_request_is_replaced_by_a_new_one(place: Place, new_context: NewContext) -> None:
    """Widget case 6."""
    old = place.partner.push()["request_uri"]
    place.clock.advance(400_000)
    page = opened(new_context(), login_page(place, f"request-uri='{old}' start-url=/sso/start"))
    form(page).locator("#password").wait_for()
    assert place.partner.starts == 1
    assert [told["error"] for told in heard(page, "error")] == ["expired"]
    sign_in(form(page))
    keep_going(page)
    arrives(page)


def test_an_expired_request_without_start_url_leaves_the_link(place: Place, new_context: NewContext) -> None:
    """Widget case 6."""
    old = place.partner.push()["request_uri"]
    place.clock.advance(400_000)
    page = opened(new_context(), login_page(place, f"request-uri='{old}'"))
    assert hears(page, "blocked") == {"reason": "expired"}
    expect(page.get_by_role("link", name="Se connecter avec mon compte entreprise")).to_be_visible()


def test_a_form_that_was_open_too_long_is_replaced_when_it_is_sent(place: Place, new_context: NewContext) -> None:
    """Widget case 6: the element asks its page for another, and the next try counts."""
    page = opened(new_context(), login_page(place))
    fill(form(page))
    place.clock.advance(place.deps.lifetimes.transaction)
    submit(form(page))
    assert hears(page, "error")["error"] == "expired"
    page.wait_for_function("heard.filter(([name]) => name === 'ready').length === 2")
    assert place.partner.starts == 2
    sign_in(form(page))
    keep_going(page)
    arrives(page)


def test_a_reloaded_page_begins_again(place: Place, new_context: NewContext) -> None:
    """Widget case 6."""
    page = opened(new_context(), login_page(place))
    fill(form(page))
    page.reload()
    sign_in(form(page))
    keep_going(page)
    arrives(page)


def test_a_page_brought_back_by_the_back_button_signs_in_again(place: Place, new_context: NewContext) -> None:
    """Widget case 6: out of the browser's cache, with a form that was spent; the element begins with a new one."""
    context = new_context()
    signed_in_by_frame(context, place)
    page = opened(context, login_page(place))
    sign_in(form(page))
    arrives(page)
    page.evaluate("setTimeout(() => history.back())")
    page.wait_for_url("**/login", wait_until="commit")
    page.wait_for_function("window.heard?.filter(([name]) => name === 'ready').length === 2")
    sign_in(form(page))
    arrives(page)
    assert len(place.partner.people) == 3


def test_a_second_partner_needs_no_password(place: Place, new_context: NewContext) -> None:
    """Widget case 15: by the link, with the session that the frame's hand-over began. The control: no session."""
    context = new_context()
    signed_in_by_frame(context, place)
    link = f"<a href='{place.issuer}/authorize?client_id=autre&amp;request_uri=REQUEST_URI'>Se connecter</a>"
    place.second.pages["/link"] = Served(link)
    page = context.new_page()
    page.goto(place.second.origin + "/link")
    page.click("a")
    arrives(page)
    assert place.second.people[-1]["channel"] == "frame"
    stranger = new_context().new_page()
    stranger.goto(place.second.origin + "/link")
    stranger.click("a")
    expect(stranger.locator("#password")).to_be_visible()
