"""A hand-over ticket is good once, for a minute, from our own document at the top of the browser that has the frame."""

from __future__ import annotations

import httpx
import pytest

from tests.widget.conftest import NewContext
from tests.widget.driving import arrives, form, keep_going, login_page, opened, sign_in
from tests.widget.places import Place
from tests.widget.programs import hand_over, keep, new_ticket, new_tx, send
from tests.widget.relying_party import Served

pytestmark = pytest.mark.browser


def test_a_ticket_is_spent_once(place: Place) -> None:
    """Widget case 33: in the same browser or another; the first time is the control."""
    ticket = new_ticket(place)
    with httpx.Client() as browser:
        assert hand_over(place, ticket, browser).status_code == 303
        assert hand_over(place, ticket, browser).status_code == 403
    assert hand_over(place, ticket).status_code == 403


def test_a_ticket_is_good_for_a_minute(place: Place) -> None:
    """Widget case 33."""
    early, late = new_ticket(place), new_ticket(place)
    place.clock.advance(place.deps.lifetimes.hand_over_ticket - 1000)
    assert hand_over(place, early).status_code == 303, "the control"
    place.clock.advance(1000)
    assert hand_over(place, late).status_code == 403


FOREIGN = {
    "another origin": {"Origin": "http://evil.localhost"},
    "the partner": {"Origin": "http://portail.localhost"},
    "null": {"Origin": "null"},
    "no origin": {"Origin": ""},
    "cross-site": {"Sec_Fetch_Site": "cross-site"},
    "another port's site": {"Sec_Fetch_Site": "same-site"},
    "a script": {"Sec_Fetch_Mode": "cors"},
    "a frame": {"Sec_Fetch_Dest": "iframe"},
    "a browser that says nothing": {"Sec_Fetch_Site": "", "Sec_Fetch_Mode": "", "Sec_Fetch_Dest": ""},
}


def test_a_ticket_that_another_document_brings_is_refused(place: Place) -> None:
    """Widget case 33: and it is not spent by that: our own document, the control, is still taken."""
    ticket = new_ticket(place)
    for who, headers in FOREIGN.items():
        answer = hand_over(place, ticket, None, **headers)
        assert answer.status_code == 403, who
        assert "mire_sid" not in answer.cookies
    assert hand_over(place, ticket).status_code == 303


def test_a_ticket_is_not_taken_from_an_address(place: Place) -> None:
    """Widget case 33: by GET."""
    ticket = new_ticket(place)
    answer = httpx.get(place.issuer + "/widget/handover", params={"ticket": ticket})
    assert answer.status_code == 405
    assert hand_over(place, ticket).status_code == 303, "the control"


def test_a_ticket_leads_to_the_partner_that_its_form_was_of(place: Place) -> None:
    """Widget case 33: whatever partner is named beside it."""
    ticket = new_ticket(place, place.second)
    with httpx.Client() as browser:
        asked = hand_over(place, ticket, browser)  # it names `portail`
        assert keep(place, browser, asked).startswith(place.second.origin + "/sso/callback?code=")


def test_one_pushed_request_gives_one_code(place: Place) -> None:
    """Widget case 33: however many frames were opened with it, and tickets were given to them."""
    request_uri = place.partner.push()["request_uri"]
    forms = [new_tx(place, request_uri=request_uri) for _ in range(2)]
    tickets = [str(send(place, tx)["ticket"]) for tx in forms]
    ends = []
    for ticket in tickets:
        with httpx.Client() as browser:
            ends.append(keep(place, browser, hand_over(place, ticket, browser)))
    assert [end.startswith(place.partner.origin + "/sso/callback?code=") for end in ends] == [True, False]


def test_nobody_is_signed_in_as_the_attacker(place: Place, new_context: NewContext) -> None:
    """Widget case 33: login CSRF with a good ticket of the attacker's own; no session comes, and the ticket stays.

    The control is the same ticket brought by a document of ours.
    """
    ticket = new_ticket(place)
    place.attacker.pages["/csrf"] = Served(
        "<!doctype html><title>c</title><iframe name=sink title=s></iframe>"
        f"<form method=post action='{place.issuer}/widget/handover'><input name=ticket value='{ticket}'>"
        "<input name=client_id value=portail><button>go</button></form>"
    )
    context = new_context()
    page = context.new_page()
    for target in ("_top", "sink", "_blank"):
        page.goto(place.attacker.origin + "/csrf")
        page.evaluate("target => { document.forms[0].target = target }", target)
        with context.expect_event("response", lambda answer: "/widget/handover" in answer.url) as posted:
            page.click("button")
        assert posted.value.status == 403, target
        assert "mire_sid" not in {cookie["name"] for cookie in context.cookies(place.issuer)}
    assert hand_over(place, ticket).status_code == 303


def test_the_refusal_offers_to_begin_again(place: Place, new_context: NewContext) -> None:
    """Widget case 33: a ticket that is too old when it arrives leads to a page, not to a dead end."""
    context = new_context()
    context.route("**/widget/handover", lambda route: (place.clock.advance(61_000), route.continue_())[1])
    page = opened(context, login_page(place))
    sign_in(form(page))
    page.wait_for_url("**/widget/handover")
    assert page.locator("h1").is_visible()
    context.unroute("**/widget/handover")
    page.goto(place.partner.origin + "/login")
    sign_in(form(page))
    keep_going(page)
    arrives(page)
