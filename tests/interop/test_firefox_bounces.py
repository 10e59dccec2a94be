"""Firefox's bounce tracking protection leaves the session of a hand-over alone, because of one click."""

from __future__ import annotations

import re

from tests.interop.bounces import ENFORCED, activation_lifetime, forget_gestures, purge, wait_until_passed
from tests.interop.conftest import NewFirefox
from tests.interop.firefox import Firefox
from tests.interop.framed import is_greeted, keep_going, submit, visit
from tests.widget.places import Place


def names(person: Firefox) -> set[str]:
    return {cookie["name"] for cookie in person.cookies("localhost")}


def test_the_click_on_our_own_page_saves_the_session(new_firefox: NewFirefox, place: Place) -> None:
    """Widget case 14. The control: the same person once Firefox has forgotten that click, handed over in silence."""
    person = new_firefox(**ENFORCED)
    visit(person, place)
    submit(person)
    keep_going(person, place)
    is_greeted(person, place)
    wait_until_passed(person, "localhost")
    assert purge(person) == []
    assert {"mire_sid", "mire_seen"} <= names(person)
    forget_gestures(person)
    visit(person, place)
    submit(person)
    is_greeted(person, place)
    wait_until_passed(person, "localhost")
    assert purge(person) == ["localhost"]
    assert names(person) == set()


def test_we_ask_for_another_click_before_firefox_forgets_the_last(new_firefox: NewFirefox, place: Place) -> None:
    """Widget case 14: `mire_seen` lives shorter than Firefox's memory."""
    person = new_firefox()
    visit(person, place)
    submit(person)
    keep_going(person, place)
    is_greeted(person, place)
    (set_cookie,) = (
        cookie for one in place.wire.exchanges for cookie in one.cookies_set if cookie.startswith("mire_seen=")
    )
    found = re.search(r"Max-Age=(\d+)", set_cookie)
    assert found
    assert 0 < int(found[1]) < activation_lifetime(person)
