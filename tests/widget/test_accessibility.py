"""The widget for people who do not use a mouse, a large screen or our colours."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import axe
from tests.widget.conftest import NewContext, NewPlace
from tests.widget.driving import TRIPLET, form, frame_of, hears, keep_going, login_page, opened, sign_in, submit
from tests.widget.places import PASSWORD, Place

pytestmark = pytest.mark.browser
THE_PAGES_OWN = ("page-has-heading-one", "landmark-one-main")
"""What a document in a frame leaves to the page around it."""


def ready(context: NewContext, place: Place, **options: object) -> Page:
    page = opened(context(**options), login_page(place))
    hears(page, "ready")
    expect(form(page).locator("#submit")).to_be_enabled()
    return page


def complaints(page: Page) -> list[str]:
    """What axe says of the partner's page and of our frame."""
    inside = [line for line in axe(frame_of(page)) if not line.startswith(THE_PAGES_OWN)]
    return [*axe(page), *inside]


@pytest.mark.parametrize(("theme", "scheme"), [("default", "light"), ("guichet-paie", "dark")])
def test_axe_finds_nothing_in_the_page_or_in_the_frame(
    new_place: NewPlace, new_context: NewContext, theme: str, scheme: str
) -> None:
    """Widget case 18: empty, and after a refusal; with the links of a theme and without."""
    place = new_place(change=lambda client: replace(client, theme=theme))
    page = opened(new_context(), login_page(place, f"start-url=/sso/start color-scheme={scheme}"))
    expect(form(page).locator("#submit")).to_be_enabled()
    assert complaints(page) == []
    sign_in(form(page), "wrong")
    expect(form(page).locator("#notice")).to_contain_text("Connexion refusée")
    assert complaints(page) == []


def test_the_frame_has_a_title_that_says_what_it_is(place: Place, new_context: NewContext) -> None:
    """Widget case 18: RGAA 2.1 and 2.2."""
    page = ready(new_context, place)
    host = place.issuer.removeprefix("http://")
    assert page.locator("mire-login iframe").get_attribute("title") == f"Connexion – {host}"


NAME = """(() => {
  const found = document.activeElement;
  return found === document.body || found.localName === 'mire-login' ? '' : found.id || found.textContent.trim();
})()"""


def focused(page: Page) -> str:
    """The id, or the text, of what has the focus, in our frame if that has it; "" while it is on its way between two
    documents."""
    return str(page.evaluate(NAME) or frame_of(page).evaluate(NAME))


def walk(page: Page, key: str, end: str) -> list[str]:
    """What the focus visits until it comes to `end`."""
    visited = [focused(page)]
    while visited[-1] != end:
        assert len(visited) < 20, visited
        page.keyboard.press(key)
        visited.append(arrived(page, visited[-1]))
    return visited


def arrived(page: Page, before: str) -> str:
    """Where the focus is once it has left `before`: from one document into another it takes a moment."""
    for _ in range(600):
        now = focused(page)
        if now not in ("", before):
            return now
        page.evaluate("new Promise(requestAnimationFrame)")
    raise AssertionError(f"the focus stays at {before}")


def test_the_keyboard_goes_through_the_frame_and_out_of_it(place: Place, new_context: NewContext) -> None:
    """Widget case 18: forwards and back, in reading order, no trap, and past the link that the form replaces."""
    page = ready(new_context, place)
    page.locator("#before").focus()
    forwards = walk(page, "Tab", "after")
    assert forwards[:7] == ["before", "siret", "family_name", "given_name", "password", "reveal", "submit"]
    assert not any("mon compte entreprise" in visited for visited in forwards)
    backwards = walk(page, "Shift+Tab", "before")
    assert backwards == forwards[::-1]


def test_nothing_takes_the_focus_by_itself(place: Place, new_context: NewContext) -> None:
    """Widget case 18: no autofocus; the page may ask for it."""
    page = ready(new_context, place)
    assert page.evaluate("document.activeElement === document.body")
    page.evaluate("document.querySelector('mire-login').focusForm()")
    expect(form(page).locator("#siret")).to_be_focused()


def test_at_400_percent_nothing_needs_two_ways_of_scrolling(place: Place, new_context: NewContext) -> None:
    """Widget case 18: WCAG 1.4.10; the frame is as high as its content, and the form can be sent."""
    context = new_context(viewport={"width": 320, "height": 256})
    page = opened(context, login_page(place))
    hears(page, "ready")
    inside = frame_of(page)
    page.wait_for_function("heard.some(([name, told]) => name === 'resize' && told.height > 300)")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert inside.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert inside.evaluate("document.documentElement.scrollHeight <= innerHeight")
    for field in (*TRIPLET, "password"):
        form(page).locator(f"#{field}").scroll_into_view_if_needed()
        inside.wait_for_function(SEEN, arg=field)  # nobody types into a field without seeing it for a moment
        form(page).locator(f"#{field}").fill(TRIPLET.get(field, PASSWORD))
    submit(form(page))
    keep_going(page)


SEEN = "id => 'seen' in document.getElementById(id).dataset"


def test_forced_colours_lose_nothing(place: Place, new_context: NewContext) -> None:
    """Widget case 18: edges stay, and the focus is seen."""
    page = ready(new_context, place, forced_colors="active")
    sign_in(form(page), "wrong")
    expect(form(page).locator("#notice")).to_contain_text("Connexion refusée")
    inside = frame_of(page)
    for selector in ("#siret", "#submit", "#notice"):
        width = inside.evaluate(
            "selector => getComputedStyle(document.querySelector(selector)).borderTopWidth", selector
        )
        assert width != "0px", selector
    form(page).locator("#siret").focus()
    assert inside.evaluate("getComputedStyle(document.querySelector('#siret')).outlineStyle") != "none"
