"""Firefox's bounce tracking protection and the session that a hand-over begins.

Every later sign-in by redirect only passes through the gateway, which counts as a bounce; what saves the session is the
one click on the gateway's own page. The hand-over itself is none in Firefox: our own frame is where it sets out from.
"""

from __future__ import annotations

import re

import pytest

from tests.interop.bounces import ENFORCED, activation_lifetime, forget_gestures, purge, wait_until_judged
from tests.interop.conftest import NewFirefox
from tests.interop.firefox import Firefox
from tests.interop.framed import is_greeted, keep_going, submit, visit
from tests.widget.places import Place
from tests.widget.relying_party import Served

OURS = {"mire_sid", "mire_seen"}


def names(person: Firefox) -> set[str]:
    return {cookie["name"] for cookie in person.cookies("localhost")}


def sign_in(person: Firefox, place: Place) -> None:
    visit(person, place)
    submit(person)
    keep_going(person, place)
    is_greeted(person, place)


def pass_through(person: Firefox, place: Place) -> None:
    """Single sign-on at another partner: the gateway shows nothing."""
    link = f"<a href='{place.issuer}/authorize?client_id=autre&amp;request_uri=REQUEST_URI'>Se connecter</a>"
    place.second.pages["/link"] = Served(link)
    person.open(place.second.origin + "/link")
    person.click("a")
    is_greeted(person, place, place.second)


@pytest.mark.parametrize("forgotten", [False, True], ids=["clicked", "click forgotten"])
def test_the_click_on_our_own_page_saves_the_session(new_firefox: NewFirefox, place: Place, forgotten: bool) -> None:
    """Widget case 14. The control: the same person once Firefox has forgotten that click."""
    person = new_firefox(**ENFORCED)
    sign_in(person, place)
    if forgotten:
        forget_gestures(person)
    pass_through(person, place)
    pass_through(person, place)  # the next click is where Firefox judges the way before
    wait_until_judged(person, "localhost")
    assert names(person) >= OURS
    assert purge(person) == (["localhost"] if forgotten else [])
    assert names(person) & OURS == (set() if forgotten else OURS)


def test_a_silent_hand_over_is_no_bounce(new_firefox: NewFirefox, place: Place) -> None:
    """Widget case 14: without a click of ours that Firefox remembers; test_bounces.py shows that a passage is one."""
    person = new_firefox(**ENFORCED)
    sign_in(person, place)
    forget_gestures(person)
    visit(person, place)
    submit(person)
    is_greeted(person, place)
    place.second.pages["/link"] = Served(f"<a href='{place.second.origin}/end'>Plus loin</a>")
    place.second.pages["/end"] = Served("<p>Fin</p>")
    person.open(place.second.origin + "/link")
    person.click("a")  # the next click is where Firefox judges the way before
    person.arrive(place.second.origin + "/end")
    assert purge(person) == []
    assert names(person) >= OURS


def test_we_ask_for_another_click_before_firefox_forgets_the_last(new_firefox: NewFirefox, place: Place) -> None:
    """Widget case 14: `mire_seen` lives shorter than Firefox's memory."""
    person = new_firefox()
    sign_in(person, place)
    (kept,) = (cookie for one in place.wire.exchanges for cookie in one.cookies_set if cookie.startswith("mire_seen="))
    lifetime = re.search(r"Max-Age=(\d+)", kept)
    assert lifetime
    assert 0 < int(lifetime[1]) < activation_lifetime(person)
