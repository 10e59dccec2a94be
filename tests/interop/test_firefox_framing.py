"""Firefox shows our form in no page but the one that its request names."""

from __future__ import annotations

import pytest

from tests.interop.conftest import NewFirefox
from tests.interop.firefox import Firefox
from tests.widget.conftest import NewPlace
from tests.widget.parents import frame_address, framing
from tests.widget.places import Place, without_header
from tests.widget.relying_party import Served

UNDEFENDED = without_header("content-security-policy")
DEFENCE = pytest.mark.parametrize("undefended", [False, True], ids=["defended", "without the policy"])
SETTLED = "return document.readyState === 'complete' && document.documentURI !== 'about:blank'"


def shows_the_form(person: Firefox, address: str, depth: int = 1) -> bool:
    """Whether a person could type in the innermost frame of that page."""
    person.open(address)
    for _ in range(depth):
        person.enter_frame()
        person.wait(lambda: person.script(SETTLED), "a settled frame")
    return bool(person.script("return document.getElementById('password') !== null"))


def test_the_partner_that_asked_frames_the_form(new_firefox: NewFirefox, place: Place) -> None:
    """The control of both attacks."""
    place.partner.pages["/framing"] = Served(framing(frame_address(place)))
    assert shows_the_form(new_firefox(), place.partner.origin + "/framing")


@DEFENCE
def test_a_stranger_frames_nothing(new_firefox: NewFirefox, new_place: NewPlace, undefended: bool) -> None:
    """Widget case 23: by frame-ancestors alone, as the page hides who it is; without the policy it would work."""
    place = new_place(touch=UNDEFENDED) if undefended else new_place()
    address = frame_address(place, place.partner.push()["request_uri"])
    place.attacker.pages["/framing"] = Served(framing(address))
    assert shows_the_form(new_firefox(), place.attacker.origin + "/framing") is undefended
    assert place.wire.of("/widget/frame")[-1].status == 200


@DEFENCE
def test_a_partner_inside_a_stranger_frames_nothing(
    new_firefox: NewFirefox, new_place: NewPlace, undefended: bool
) -> None:
    """Widget case 24: every ancestor must be the origin."""
    place = new_place(touch=UNDEFENDED) if undefended else new_place()
    place.partner.pages["/framing"] = Served(framing(frame_address(place)))
    place.attacker.pages["/around"] = Served(framing(place.partner.origin + "/framing"))
    assert shows_the_form(new_firefox(), place.attacker.origin + "/around", depth=2) is undefended
    assert place.wire.of("/widget/frame")[-1].status == 200
