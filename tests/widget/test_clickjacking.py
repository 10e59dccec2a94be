"""A form that is hidden, covered or drawn otherwise than we drew it cannot be sent (IntersectionObserver version 2)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.widget.conftest import NewContext
from tests.widget.driving import document, fill, form, hears, opened, script, widget
from tests.widget.places import Place
from tests.widget.relying_party import Served

pytestmark = pytest.mark.browser
COVER = "position:fixed;inset:0;z-index:9;"
TRICKS = {
    "opaque cover": f"const e = document.createElement('div'); e.style = '{COVER}background:white'; document.body.append(e)",
    "cover that lets clicks through": (
        f"const e = document.createElement('div'); e.style = '{COVER}pointer-events:none'; document.body.append(e)"
    ),
    "half seen through": "w.style.opacity = '.5'",
    "nearly invisible": "w.style.opacity = '.01'",
    "smaller": "w.style.transform = 'scale(.9)'",
    "turned": "w.style.transform = 'rotate(2deg)'",
    "blurred": "w.style.filter = 'blur(1px)'",
    "only the button": "w.style.clipPath = 'inset(90% 0 0 0)'",
    "out of sight": "w.style.marginLeft = '-9999px'",
}


def ready(context: NewContext, place: Place) -> Page:
    place.partner.pages["/login"] = Served(document(widget(place), script(place)))
    page = opened(context(viewport={"width": 1280, "height": 1200}), place.partner.origin + "/login")
    hears(page, "ready")
    return page


def test_a_form_as_we_drew_it_can_be_sent(place: Place, new_context: NewContext) -> None:
    """Widget case 29: the control, in a rounded box with a shadow, which partners may have."""
    page = ready(new_context, place)
    page.evaluate("document.querySelector('mire-login').style = 'border-radius:8px;box-shadow:0 0 9px grey'")
    expect(form(page).locator("#submit")).to_be_enabled()
    expect(form(page).locator("#masked")).to_be_hidden()


@pytest.mark.parametrize("trick", sorted(TRICKS))
def test_a_form_that_is_not_seen_as_drawn_cannot_be_sent(place: Place, new_context: NewContext, trick: str) -> None:
    """Widget case 29: the button, Enter, and a script's click send nothing; the frame says why."""
    page = ready(new_context, place)
    inside = form(page)
    expect(inside.locator("#submit")).to_be_enabled()
    fill(inside)
    page.evaluate(f"(() => {{ const w = document.querySelector('mire-login'); {TRICKS[trick]} }})()")
    expect(inside.locator("#submit")).to_be_disabled()
    expect(inside.locator("#masked")).not_to_have_attribute("hidden", "")
    inside.locator("#password").press("Enter")
    inside.locator("#submit").evaluate("button => button.click()")
    page.evaluate("new Promise((done) => setTimeout(done, 100))")
    assert place.wire.of("/widget/submit") == []


def test_a_frame_that_moves_under_the_pointer_cannot_be_clicked(place: Place, new_context: NewContext) -> None:
    """Widget case 29: shown only for a moment, it is not ready when the click comes."""
    page = ready(new_context, place)
    inside = form(page)
    expect(inside.locator("#submit")).to_be_enabled()
    fill(inside)
    page.evaluate("document.querySelector('mire-login').style.display = 'block'")
    page.evaluate("document.querySelector('mire-login').style.visibility = 'hidden'")
    expect(inside.locator("#submit")).to_be_disabled()
    page.evaluate("document.querySelector('mire-login').style.visibility = ''")
    inside.locator("#submit").evaluate("button => button.click()")
    assert place.wire.of("/widget/submit") == []
    expect(inside.locator("#submit")).to_be_enabled()
