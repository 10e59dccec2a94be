"""The widget in Firefox, which keeps a frame's cookies apart for each site, or refuses them altogether."""

from __future__ import annotations

import pytest

from idp.domain.portals.widgets import Completion
from tests.interop.conftest import NewFirefox
from tests.interop.firefox import REFUSES_THIRD_PARTIES, Firefox, Value
from tests.interop.framed import WAY, SlowHash, enter_form, hand_overs_tried, is_greeted, keep_going, submit, visit
from tests.widget.conftest import NewPlace
from tests.widget.places import Place, with_widget

COOKIES = pytest.mark.parametrize(
    "preferences", [{}, REFUSES_THIRD_PARTIES], ids=["Total Cookie Protection", "no third-party cookies"]
)
SHORT_GESTURES = {"dom__user_activation__transient__timeout": 300}
"""Firefox forgets a click long before the frame thinks of it (5 seconds unless told otherwise)."""


def sign_in(person: Firefox, place: Place) -> None:
    visit(person, place)
    submit(person)


@COOKIES
def test_a_framed_sign_in_ends_at_the_redirect_uri_with_a_session_of_ours(
    new_firefox: NewFirefox, place: Place, preferences: dict[str, Value]
) -> None:
    """Widget cases 1, 3 and 4: first as a stranger, then with a session of ours, which the frame never sends.

    That the session's cookie is there to be sent is the control: the hand-over, at top level, brings it.
    """
    person = new_firefox(**preferences)
    sign_in(person, place)
    keep_going(person, place)
    is_greeted(person, place)
    sign_in(person, place)
    is_greeted(person, place)
    assert [claims["channel"] for claims in place.partner.people] == ["frame", "frame"]
    kept = person.cookies("localhost")
    assert {"mire_sid", "mire_seen", "mire_browser"} <= {cookie["name"] for cookie in kept}
    assert {cookie["partition"] for cookie in kept} == {""}
    framed = [one for path in WAY for one in place.wire.of(path)]
    assert [one.path for one in framed] == sorted([*WAY, *WAY])
    assert not any("cookie" in one.headers or one.cookies_set for one in framed)
    first, second = place.wire.of("/widget/handover")
    assert "mire_sid" not in first.headers.get("cookie", "")
    assert "mire_sid" in second.headers["cookie"]


@COOKIES
def test_a_framed_sign_in_ends_with_a_message(
    new_firefox: NewFirefox, new_place: NewPlace, preferences: dict[str, Value]
) -> None:
    """Widget cases 2, 3 and 4: the partner's back end redeems what its page was told; nobody has a cookie of ours."""
    place = new_place(change=with_widget(completion=Completion.MESSAGE))
    place.partner.asks["response_mode"] = "web_message"
    person = new_firefox(**preferences)
    visit(person, place, "start-url=/sso/start completion=message")
    submit(person)
    person.leave_frames()
    person.wait(lambda: person.text("#said"), "an answer of the partner's back end")
    assert person.text("#said") == "bonjour Moutin"
    assert person.cookies("localhost") == []
    ours = [one for one in place.wire.exchanges if one.path.startswith("/widget/")]
    assert [one.path for one in ours] == [*WAY, "/widget/message"]
    assert not any("cookie" in one.headers or one.cookies_set for one in ours)


@pytest.mark.parametrize(("preferences", "tried"), [({}, 0), (SHORT_GESTURES, 1)], ids=["it knows", "it is refused"])
def test_after_a_slow_hash_a_second_click_hands_over(
    new_firefox: NewFirefox, new_place: NewPlace, preferences: dict[str, Value], tried: int
) -> None:
    """Widget case 12: without a fresh gesture Firefox does not let a frame navigate the page.

    The frame offers a button: when it knows that the click is too old, and when it was refused without being told.
    """
    hash = SlowHash()
    place = new_place(touch=hash)
    person = new_firefox(**preferences)
    sign_in(person, place)
    person.wait(lambda: not person.script("return navigator.userActivation.isActive"), "the end of the gesture")
    hash.ends.set()
    assert person.text("#continue") == "Continuer"
    assert hand_overs_tried(person) == tried
    assert place.wire.of("/widget/handover") == []
    person.click("#continue")
    keep_going(person, place)
    is_greeted(person, place)


def test_after_a_quick_hash_no_second_click_is_needed(new_firefox: NewFirefox, new_place: NewPlace) -> None:
    """Widget case 12, the control: the same gateway, which answers before the gesture has ended."""
    hash = SlowHash()
    place = new_place(touch=hash)
    person = new_firefox()
    sign_in(person, place)
    assert person.script("return navigator.userActivation.isActive")
    hash.ends.set()
    keep_going(person, place)
    is_greeted(person, place)


def test_after_the_back_button_there_is_a_new_form(new_firefox: NewFirefox, place: Place) -> None:
    """Widget case 6: the old one's request is spent."""
    person = new_firefox()
    sign_in(person, place)
    keep_going(person, place)
    is_greeted(person, place)
    sign_in(person, place)
    is_greeted(person, place)
    person.back()
    person.arrive(place.partner.origin + "/login")
    person.wait(lambda: place.partner.starts == 3, "a new request")
    enter_form(person)
    submit(person)
    is_greeted(person, place)
    assert len(place.partner.people) == 3
