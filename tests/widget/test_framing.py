"""Nobody's page frames the form but the one that its request names."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.widget.conftest import NewContext, NewPlace
from tests.widget.parents import frame_address, framed_document, framing, shows_the_form
from tests.widget.places import Place, without_header
from tests.widget.relying_party import Served

pytestmark = pytest.mark.browser
UNDEFENDED = without_header("content-security-policy")


def visiting(new_context: NewContext, address: str) -> Page:
    page = new_context().new_page()
    page.goto(address)
    return page


def valid_frame(place: Place) -> str:
    """The address of a form that its own partner could frame now."""
    return frame_address(place, place.partner.push()["request_uri"])


def test_the_partner_that_asked_frames_the_form(place: Place, new_context: NewContext) -> None:
    """The control of all that follows."""
    place.partner.pages["/framing"] = Served(framing(frame_address(place)))
    assert shows_the_form(visiting(new_context, place.partner.origin + "/framing"))


@pytest.mark.parametrize("undefended", [False, True], ids=["defended", "without the policy"])
def test_a_stranger_frames_nothing(new_place: NewPlace, new_context: NewContext, undefended: bool) -> None:
    """Widget case 23: by frame-ancestors alone, as the page hides who it is; without the policy it would work."""
    place = new_place(touch=UNDEFENDED) if undefended else new_place()
    place.attacker.pages["/framing"] = Served(framing(valid_frame(place)))
    assert shows_the_form(visiting(new_context, place.attacker.origin + "/framing")) is undefended
    assert place.wire.of("/widget/frame")[-1].status == 200


def test_a_stranger_that_says_who_it_is_gets_no_form_at_all(new_place: NewPlace, new_context: NewContext) -> None:
    """Widget case 23: the second barrier, with the first taken away."""
    place = new_place(touch=UNDEFENDED)
    place.attacker.pages["/framing"] = Served(framing(valid_frame(place), "referrerpolicy=origin"))
    page = visiting(new_context, place.attacker.origin + "/framing")
    assert not shows_the_form(page)
    assert place.wire.of("/widget/frame")[-1].status == 403


@pytest.mark.parametrize("undefended", [False, True], ids=["defended", "without the policy"])
def test_a_partner_inside_a_stranger_frames_nothing(
    new_place: NewPlace, new_context: NewContext, undefended: bool
) -> None:
    """Widget case 24: every ancestor must be the origin."""
    place = new_place(touch=UNDEFENDED) if undefended else new_place()
    place.partner.pages["/framing"] = Served(framing(frame_address(place)))
    place.attacker.pages["/around"] = Served(framing(place.partner.origin + "/framing"))
    page = visiting(new_context, place.attacker.origin + "/around")
    assert len(page.frames) == 3
    assert shows_the_form(page) is undefended


@pytest.mark.parametrize("undefended", [False, True], ids=["defended", "without the policy"])
def test_another_origin_of_the_partner_frames_nothing_of_the_first(
    new_place: NewPlace, new_context: NewContext, undefended: bool
) -> None:
    """Widget case 25: one origin per request, not every origin of the client."""
    place = new_place(touch=UNDEFENDED) if undefended else new_place()
    place.partner.pages["/framing"] = Served(framing(frame_address(place)))
    assert shows_the_form(visiting(new_context, place.other_origin + "/framing")) is undefended


def test_another_origin_of_the_partner_frames_its_own(place: Place, new_context: NewContext) -> None:
    """Widget case 25: the control: it is registered."""
    place.partner.asks["widget_origin"] = place.other_origin
    place.partner.pages["/framing"] = Served(framing(frame_address(place)))
    assert shows_the_form(visiting(new_context, place.other_origin + "/framing"))


NOBODY = {
    "sandboxed frame": ("<iframe title=s sandbox='allow-scripts allow-forms' src='/framing'></iframe>", {}),
    "sandboxed page": ("{framing}", {"Content-Security-Policy": "sandbox allow-scripts allow-forms"}),
    "srcdoc": ("<iframe title=s sandbox='allow-scripts' srcdoc=\"{framing}\"></iframe>", {}),
}


@pytest.mark.parametrize("undefended", [False, True], ids=["defended", "without the policy"])
def test_a_page_of_no_origin_frames_nothing(new_place: NewPlace, new_context: NewContext, undefended: bool) -> None:
    """Widget case 26: though it is served by the partner."""
    place = new_place(touch=UNDEFENDED) if undefended else new_place()
    inner = f"<iframe title=f src='{frame_address(place)}' referrerpolicy=no-referrer></iframe>"
    place.partner.pages["/framing"] = Served(inner)
    page = new_context().new_page()
    for kind, (html, headers) in NOBODY.items():
        place.partner.pages["/nobody"] = Served(html.format(framing=inner), headers)
        page.goto(place.partner.origin + "/nobody")
        assert shows_the_form(page) is undefended, kind


def test_a_data_page_frames_nothing(place: Place, new_context: NewContext) -> None:
    """Widget case 26."""
    address = valid_frame(place)
    page = visiting(new_context, f"data:text/html,<iframe src='{address.replace('&', '%26')}'></iframe>")
    assert not shows_the_form(page)
    assert framed_document(page).url.startswith("chrome-error:")
