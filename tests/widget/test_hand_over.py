"""The hand-over to the gateway's own page: who is asked what, and what is kept."""

from __future__ import annotations

import re
from threading import Event

import pytest
from flask import Flask, request
from playwright.sync_api import BrowserContext, Page, expect

from idp.domain.people.password_hashes import cost_of
from tests.rows import make_account
from tests.widget.conftest import NewContext, NewPlace
from tests.widget.driving import arrives, fill, form, frame_of, hears, keep_going, login_page, opened, sign_in, submit
from tests.widget.places import PASSWORD, Place
from tests.widget.relying_party import Served

pytestmark = pytest.mark.browser


def in_the_frame(context: BrowserContext, place: Place) -> Page:
    page = opened(context, login_page(place))
    sign_in(form(page))
    return page


def cookies(context: BrowserContext, place: Place) -> set[str]:
    return {str(cookie["name"]) for cookie in context.cookies(place.issuer)}


def test_the_first_hand_over_of_a_browser_asks_for_a_click_and_the_next_does_not(
    place: Place, new_context: NewContext
) -> None:
    """Widget case 13: the page names the person and shows our address; a month long it is not shown again."""
    context = new_context()
    page = in_the_frame(context, place)
    page.wait_for_url(re.compile("/widget/continue"))
    expect(page.locator("main")).to_contain_text("Claire Moutin")
    expect(page.locator("main")).to_contain_text("999 000 375 00017")
    assert "mire_sid" not in cookies(context, place)
    keep_going(page)
    arrives(page)
    again = in_the_frame(context, place)
    arrives(again)
    shown = [one for one in place.wire.of("/widget/continue") if one.method == "GET"]
    assert len(shown) == 1


def test_somebody_elses_session_is_not_replaced_without_a_click(place: Place, new_context: NewContext) -> None:
    """Widget case 13: though the browser has seen us."""
    stored = place.deps.hasher.hash(PASSWORD)
    make_account(place.deps, "Faye", password_hash=stored, password_cost=cost_of(stored))
    context = new_context()
    page = in_the_frame(context, place)
    keep_going(page)
    arrives(page)
    page = opened(context, login_page(place))
    fill(form(page), family_name="Faye")
    submit(form(page))
    page.wait_for_url(re.compile("/widget/continue"))
    expect(page.locator(".notice")).to_contain_text("Claire Moutin")
    keep_going(page)
    arrives(page, "bonjour Faye")


def test_who_asks_not_to_be_kept_is_signed_in_here_alone(place: Place, new_context: NewContext) -> None:
    """Widget case 13: the partner has its code, the next partner asks for the password."""
    context = new_context()
    page = in_the_frame(context, place)
    page.wait_for_url(re.compile("/widget/continue"))
    page.locator("button[name=keep][value=no]").click()
    arrives(page)
    assert "mire_sid" not in cookies(context, place)
    place.second.pages["/link"] = Served(
        f"<a href='{place.issuer}/authorize?client_id=autre&amp;request_uri=REQUEST_URI'>Se connecter</a>"
    )
    page.goto(place.second.origin + "/link")
    page.click("a")
    expect(page.locator("#password")).to_be_visible()


def test_signing_out_ends_the_session_that_the_frame_began(place: Place, new_context: NewContext) -> None:
    """Widget case 17: by RP-initiated logout; the control is the next partner's code before it."""
    context = new_context()
    page = in_the_frame(context, place)
    keep_going(page)
    arrives(page)
    place.second.pages["/link"] = Served(
        f"<a href='{place.issuer}/authorize?client_id=autre&amp;request_uri=REQUEST_URI'>Se connecter</a>"
    )
    page.goto(place.second.origin + "/link")
    page.click("a")
    arrives(page)
    page.goto(f"{place.issuer}/end-session?client_id=portail")
    page.locator("main form [type=submit]").first.click()
    page.wait_for_load_state()
    assert "mire_sid" not in cookies(context, place)
    page.goto(place.second.origin + "/link")
    page.click("a")
    expect(page.locator("#password")).to_be_visible()
    framed = in_the_frame(context, place)
    arrives(framed)


def test_a_slow_network_is_waited_for_and_not_hurried(new_place: NewPlace, new_context: NewContext) -> None:
    """The ticket is on its way: a second press would cancel the first and find it spent. Nobody is asked for one."""
    let_go = Event()

    def hold(app: Flask) -> None:
        @app.before_request
        def wait() -> None:
            if request.path == "/widget/handover":
                let_go.wait(30)

    place = new_place(touch=hold)
    page = opened(new_context(), login_page(place))
    inside = frame_of(page)
    sign_in(form(page))
    page.wait_for_function("heard.some(([name]) => name === 'handover')", polling=50)
    began = inside.evaluate("performance.now()")
    offers = "began => performance.now() - began > 2500"  # which it does after 1 s, when held back
    inside.wait_for_function(offers, arg=began, polling=50)
    assert inside.locator("#handover").is_hidden()
    let_go.set()
    page.wait_for_url(re.compile("/widget/continue"))
    assert [one.status for one in place.wire.of("/widget/handover")] == [303]


@pytest.mark.parametrize("viewport", [(1366, 640), (320, 568)], ids=["laptop", "telephone"])
def test_a_refusal_is_seen_where_one_looks(place: Place, new_context: NewContext, viewport: tuple[int, int]) -> None:
    """WCAG 2.2 3.3.1: the words are beside the button that was pressed, and the password field is told with them."""
    width, height = viewport
    page = opened(new_context(viewport={"width": width, "height": height}), login_page(place))
    inside = frame_of(page)
    hears(page, "ready")
    for field in ("siret", "family_name", "given_name", "password"):
        form(page).locator(f"#{field}").scroll_into_view_if_needed()
        inside.wait_for_function("id => 'seen' in document.getElementById(id).dataset", arg=field)
    sign_in(form(page), "wrong")
    expect(form(page).locator("#notice")).to_contain_text("Connexion refusée")
    expect(form(page).locator("#notice")).to_be_in_viewport(ratio=1)
    assert "notice" in str(form(page).locator("#password").get_attribute("aria-describedby")).split()
