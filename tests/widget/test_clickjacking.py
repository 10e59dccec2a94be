"""A form that is hidden, covered or drawn otherwise than we drew it cannot be sent (IntersectionObserver version 2)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.widget.conftest import NewContext
from tests.widget.driving import document, fill, form, hears, opened, script, widget
from tests.widget.places import Place
from tests.widget.relying_party import Served

pytestmark = pytest.mark.browser
PREPARED = """
window.covering = 'position:fixed;inset:0;z-index:9'; window.cover = document.createElement('div');
cover.style.cssText = covering; window.w = document.querySelector('mire-login'); w.style.display = 'block';
"""
TRICKS = {
    "opaque cover": "document.body.append(cover); cover.style.background = 'white'",
    "cover that lets clicks through": "document.body.append(cover); cover.style.pointerEvents = 'none'",
    "half seen through": "w.style.opacity = '.5'",
    "nearly invisible": "w.style.opacity = '.01'",
    "smaller": "w.style.transform = 'scale(.9)'",
    "turned": "w.style.transform = 'rotate(2deg)'",
    "blurred": "w.style.filter = 'blur(1px)'",
}


def ready(context: NewContext, place: Place) -> Page:
    place.partner.pages["/login"] = Served(document(widget(place), script(place)))
    page = opened(context(viewport={"width": 1280, "height": 1200}), place.partner.origin + "/login")
    hears(page, "ready")
    return page


def test_a_form_as_we_drew_it_can_be_sent(place: Place, new_context: NewContext) -> None:
    """Widget case 29: the control, in a rounded box with a shadow, which partners may have."""
    page = ready(new_context, place)
    page.evaluate(
        "document.querySelector('mire-login').style = 'display:block;border-radius:8px;box-shadow:0 0 9px grey'"
    )
    expect(form(page).locator("#submit")).to_be_enabled()
    expect(form(page).locator("#masked")).to_be_hidden()


def test_a_form_that_is_not_seen_as_drawn_cannot_be_sent(place: Place, new_context: NewContext) -> None:
    """Widget case 29: the button, Enter, and a script's click send nothing; the frame says why. Without the trick,
    the control, it can be sent again."""
    page = ready(new_context, place)
    inside = form(page)
    fill(inside)
    page.evaluate(PREPARED)
    for name, trick in TRICKS.items():
        expect(inside.locator("#submit"), name).to_be_enabled()
        page.evaluate(trick)
        expect(inside.locator("#submit"), name).to_be_disabled()
        expect(inside.locator("#masked"), name).not_to_have_attribute("hidden", "")
        inside.locator("#password").press("Enter")
        inside.locator("#submit").evaluate("button => button.click()")
        page.evaluate("w.style.cssText = 'display:block'; cover.remove(); cover.style.cssText = covering")
    expect(inside.locator("#submit")).to_be_enabled()
    assert place.wire.of("/widget/submit") == []


def test_a_page_that_shows_no_more_than_the_button_gets_nothing(place: Place, new_context: NewContext) -> None:
    """Widget case 29: the click leads to the fields that nobody has seen; once they are, the control, it sends."""
    style = "<style>mire-login { display: block; clip-path: inset(100% 0 0 0) }</style>"
    place.partner.pages["/clipped"] = Served(document(widget(place), style + script(place)))
    page = opened(new_context(), place.partner.origin + "/clipped")
    inside = form(page)
    fill(inside)
    button, element = inside.locator("#submit").bounding_box(), page.locator("mire-login").bounding_box()
    assert button is not None
    assert element is not None
    above = button["y"] - element["y"]
    below = element["height"] - above - button["height"]
    clip = "clip => { document.querySelector('mire-login').style.clipPath = clip }"
    page.evaluate(clip, f"inset({above}px 0 {below}px 0)")
    inside.locator("#submit").click()
    expect(inside.locator("#siret")).to_be_focused()
    expect(inside.locator("#busy")).to_be_empty()
    expect(inside.locator("#sign-in")).to_have_attribute("aria-busy", "false")
    inside.locator("#submit").click()
    assert place.wire.of("/widget/submit") == []
    page.evaluate(clip, "none")
    page.evaluate("new Promise((done) => setTimeout(done, 500))")
    inside.locator("#submit").click()
    place.wire.wait_for("/widget/submit")


def test_a_form_out_of_sight_waits_without_a_word(place: Place, new_context: NewContext) -> None:
    """Widget case 29: further down a page it cannot be sent, and nobody is accused; once it is seen it can."""
    page = ready(new_context, place)
    inside = form(page)
    expect(inside.locator("#submit")).to_be_enabled()
    page.evaluate("document.querySelector('h1').style.height = '4000px'")
    expect(inside.locator("#submit")).to_be_disabled()
    page.evaluate("document.querySelector('mire-login').scrollIntoView()")
    expect(inside.locator("#submit")).to_be_enabled()
    assert inside.locator("#masked").get_attribute("hidden") == ""


@pytest.mark.parametrize("away", ["visibility:hidden", "position:fixed;left:-4000px", "position:fixed;top:-4000px"])
def test_a_frame_that_comes_under_the_pointer_cannot_be_clicked(
    place: Place, new_context: NewContext, away: str
) -> None:
    """Widget case 29: brought there at the last moment it is not ready when the click comes; a while later, the
    control, it is."""
    page = ready(new_context, place)
    inside = form(page)
    fill(inside)
    style = "style => { document.querySelector('mire-login').style.cssText = 'display:block;' + style }"
    expect(inside.locator("#submit")).to_be_enabled()
    page.evaluate(style, away)
    expect(inside.locator("#submit")).to_be_disabled()
    page.evaluate(style, "")
    inside.locator("#submit").evaluate("button => button.click()")
    assert place.wire.of("/widget/submit") == []
    inside.locator("#submit").click()
    place.wire.wait_for("/widget/submit")
