"""The element in a page that changes around it, with the real frame in it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.widget.conftest import NewContext
from tests.widget.driving import (
    arrives,
    document,
    form,
    frame_of,
    heard,
    hears,
    keep_going,
    login_page,
    opened,
    script,
    sign_in,
    submit,
    widget,
)
from tests.widget.places import Place
from tests.widget.relying_party import Served

pytestmark = pytest.mark.browser


HEIGHT = "document.querySelector('mire-login').shadowRoot.querySelector('iframe')?.clientHeight"


def becomes(page: Page, condition: str) -> int:
    """The frame's height, once it is as said."""
    page.wait_for_function(f"{HEIGHT} {condition}")
    return int(page.evaluate(HEIGHT))


def test_the_frame_is_as_high_as_what_it_says(place: Place, new_context: NewContext) -> None:
    """Widget case 19: it grows with errors, shrinks without them, and never scrolls by itself."""
    page = opened(new_context(), login_page(place))
    inside = form(page)
    expect(inside.locator("#submit")).to_be_enabled()
    empty = becomes(page, "> 300")
    submit(inside)
    expect(inside.locator("#siret-error")).not_to_be_empty()
    wrong = becomes(page, f"> {empty}")
    sign_in(inside, "wrong")
    expect(inside.locator("#notice")).to_contain_text("Connexion refusée")
    expect(inside.locator("#siret-error")).to_be_empty()
    becomes(page, f"< {wrong}")
    assert frame_of(page).evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_the_frame_has_a_lowest_and_a_highest_height(place: Place, new_context: NewContext) -> None:
    """Widget case 19."""
    page = opened(new_context(), login_page(place))
    becomes(page, "> 300")
    inside = frame_of(page)
    for content, clamped in (("5000px", 1600), ("1px", 80)):
        inside.evaluate(
            "height => { const content = document.getElementById('content'), only = document.createElement('div');"
            "content.style.padding = '0'; only.style.height = height; content.replaceChildren(only) }",
            content,
        )
        becomes(page, f"=== {clamped}")
        assert heard(page, "resize")[-1]["height"] == clamped


LANGUAGES = {
    "lang=en": ("en", "Sign in – ", "Password"),
    "lang=fr": ("fr", "Connexion – ", "Mot de passe"),
    "lang=xx": ("fr", "Connexion – ", "Mot de passe"),
    "": ("fr", "Connexion – ", "Mot de passe"),
}


def test_the_frame_speaks_the_elements_language(place: Place, new_context: NewContext) -> None:
    """Widget case 20: or its page's, or French; never the browser's."""
    french, english = new_context(locale="fr-FR"), new_context(locale="en-US")
    for attribute, (language, title, label) in LANGUAGES.items():
        page = opened(french if language == "en" else english, login_page(place, f"start-url=/sso/start {attribute}"))
        expect(form(page).locator("label[for=password]")).to_have_text(label)
        assert form(page).locator("html").get_attribute("lang") == language
        assert str(page.locator("mire-login iframe").get_attribute("title")).startswith(title)


def test_two_widgets_in_a_page_do_not_hear_each_other(place: Place, new_context: NewContext) -> None:
    """Widget case 21: a refusal in one is none in the other, which signs in."""
    second = widget(place).replace("<mire-login", "<mire-login id=second")
    place.partner.pages["/two"] = Served(document(widget(place) + second, script(place)))
    page = opened(new_context(viewport={"width": 1280, "height": 2400}), place.partner.origin + "/two")
    one, other = page.frame_locator("mire-login >> nth=0 >> iframe"), page.frame_locator("#second iframe")
    expect(one.locator("#submit")).to_be_enabled()
    expect(other.locator("#submit")).to_be_enabled()
    sign_in(one, "wrong")
    expect(one.locator("#notice")).to_contain_text("Connexion refusée")
    expect(other.locator("#notice")).to_be_empty()
    assert page.evaluate("[...document.querySelectorAll('mire-login')].map((each) => each.ignored)") == [0, 0]
    sign_in(other)
    keep_going(page)
    arrives(page)


def test_an_element_that_is_moved_begins_again_and_works(place: Place, new_context: NewContext) -> None:
    """Widget case 21."""
    page = opened(new_context(), login_page(place))
    expect(form(page).locator("#submit")).to_be_enabled()
    page.evaluate("document.querySelector('#after').after(document.querySelector('mire-login'))")
    page.wait_for_function("heard.filter(([name]) => name === 'ready').length === 2")
    sign_in(form(page))
    keep_going(page)
    arrives(page)


def test_an_element_that_is_removed_while_it_sends_leaves_nothing(place: Place, new_context: NewContext) -> None:
    """Widget case 21: no event, no error; the answer comes to nobody."""
    context = new_context()
    context.route("**/widget/submit", lambda _: None)  # never answered
    page = opened(context, login_page(place))
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    with page.expect_request("**/widget/submit"):
        sign_in(form(page))
    before = page.evaluate("document.querySelector('mire-login').remove() ?? heard.length")
    page.evaluate("new Promise((done) => setTimeout(done, 100))")
    assert (errors, len(heard(page))) == ([], before)
    assert page.locator("iframe").count() == 0
    assert page.url.endswith("/login")


def test_a_frame_that_speaks_a_later_protocol_leaves_the_link(place: Place, new_context: NewContext) -> None:
    """Widget case 22: the control is the frame that speaks this one, in every other test."""
    context = new_context()
    context.route("**/widget/frame?*", later_frame)
    page = opened(context, login_page(place))
    assert hears(page, "blocked") == {"reason": "protocol"}
    page.get_by_role("link", name="Se connecter avec mon compte entreprise").click()
    sign_in(page)
    arrives(page)


def later_frame(route: Route) -> None:
    """What the gateway of some later year might say."""
    said = (
        "{p: 'mire', v: 2, ch: new URL(location).searchParams.get('ch'), type: 'ready', min: 2, max: 3, features: []}"
    )
    page = f"<!doctype html><title>f</title><script>parent.postMessage({said}, '*')</script>"
    route.fulfill(body=page, content_type="text/html")
