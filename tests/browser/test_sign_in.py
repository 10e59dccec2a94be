"""Signing in as a person does, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from playwright.sync_api import Page, expect

from idp.domain.portals.clients import Client
from idp.store.database import Database
from tests.browser.conftest import NewPage
from tests.browser.portals import PASSWORD, Place, journey, with_suite

pytestmark = pytest.mark.browser


@pytest.fixture
def visit(fresh_sqlite: Database) -> Iterator[Callable[..., Place]]:
    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(journey(fresh_sqlite, **how))


@pytest.fixture
def place(visit: Callable[..., Place]) -> Place:
    return visit()


def fill(page: Page, password: str = PASSWORD) -> None:
    page.fill("#siret", "999 000 375 00017")
    page.fill("#family_name", "moutin")
    page.fill("#given_name", "Claire")
    page.fill("#password", password)


def sign_in(page: Page) -> None:
    fill(page)
    page.click("#sign-in [type=submit]")


def said(page: Page) -> Any:
    return expect(page.locator("#said"))


@pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])
def test_a_person_signs_in_and_comes_back(place: Place, new_page: NewPage, javascript: bool) -> None:
    page = new_page(java_script_enabled=javascript)
    page.goto(place.start())
    sign_in(page)
    said(page).to_have_text("back: code")
    page.goto(place.start())
    said(page).to_have_text("back: code")  # single sign-on


def test_a_button_pressed_twice_sends_once(place: Place, new_page: NewPage) -> None:
    """A second press would drop the answer to the first, which ends the sign-in. The controls: the first press, and one
    after eight seconds, when somebody has stopped the page."""
    page = new_page()
    page.goto(place.start())
    pressed = page.evaluate(
        """() => {
            const form = document.getElementById('sign-in'), real = Date.now;
            const press = () => form.dispatchEvent(new Event('submit', {cancelable: true, bubbles: true}));
            const all = [press(), press(), press()];
            Date.now = () => real() + 9000;
            return [...all, press()];
        }"""
    )
    assert pressed == [True, False, False, True]
    sign_in_again = page.context.new_page()
    sign_in_again.goto(place.start())
    sign_in(sign_in_again)
    said(sign_in_again).to_have_text("back: code")


def test_no_script_error_can_stop_a_submit(place: Place, new_page: NewPage) -> None:
    """A browser in which almost nothing of what the script uses works."""
    page = new_page()
    page.add_init_script(
        """
        var refuse = function () { throw new Error('broken'); };
        String.prototype.replace = refuse; Element.prototype.setAttribute = refuse;
        EventTarget.prototype.addEventListener = refuse; document.createEvent = refuse;
        Object.defineProperty(HTMLInputElement.prototype, 'type', {set: refuse});
        """
    )
    page.goto(place.start())
    sign_in(page)
    said(page).to_have_text("back: code")


NEWER = re.compile(r"=>|`|\b(?:let|const|class|async|await)\b|\?\.|\?\?|\.\.\.|\*\*")


@pytest.mark.parametrize("path", sorted(Path("idp/web/static").glob("*.js")), ids=lambda path: path.name)
def test_a_script_is_ecmascript_5(path: Path) -> None:
    """HtmlUnit and old browsers stop at the first token they do not know."""
    assert NEWER.search("let a"), "the control"
    assert NEWER.findall(re.sub(r"\"[^\"]*\"|/\*.*?\*/", "", path.read_text(), flags=re.S)) == []


def test_form_action_lets_the_whole_redirect_chain_pass(visit: Callable[..., Place], new_page: NewPage) -> None:
    """Chromium holds every redirect after a post to the page's form-action."""
    place = visit(change=with_suite)
    page = new_page()
    page.goto(place.start(state="suite"))
    sign_in(page)
    said(page).to_have_text("home")


def blocked_sign_in(page: Page, start: str) -> str:
    """The policy report that stops a sign-in."""
    with page.expect_console_message(lambda line: "form-action" in line.text) as line:
        page.goto(start)
        sign_in(page)
    return line.value.text


def test_an_origin_that_the_client_did_not_register_is_blocked(visit: Callable[..., Place], new_page: NewPage) -> None:
    """The control: without form_action_origins the browser stops the chain."""
    assert "form-action" in blocked_sign_in(new_page(watched=False), visit().start(state="suite"))


def test_without_the_redirect_origin_a_sign_in_is_blocked(visit: Callable[..., Place], new_page: NewPage) -> None:
    """The control: the same journey under form-action 'self' alone does not come back."""

    def only_self(app: Flask) -> None:
        @app.after_request
        def narrow(response: Response) -> Response:
            policy = response.headers.get("Content-Security-Policy", "")
            if policy:
                response.headers["Content-Security-Policy"] = re.sub("form-action [^;]*", "form-action 'self'", policy)
            return response

    assert "form-action" in blocked_sign_in(new_page(watched=False), visit(touch=only_self).start())


def test_nobody_frames_our_pages(place: Place, new_page: NewPage) -> None:
    page = new_page(watched=False)
    page.goto(f"{place.portal}/home")
    with page.expect_console_message(lambda line: "frame-ancestors" in line.text):
        page.evaluate(
            "url => { var f = document.createElement('iframe'); f.src = url; document.body.appendChild(f) }",
            place.start(),
        )


def test_cancelling_tells_the_portal(place: Place, new_page: NewPage) -> None:
    page = new_page()
    page.goto(place.start())
    page.get_by_role("button", name="Annuler").click()
    said(page).to_have_text("back: access_denied")


def test_the_back_button_after_signing_in_offers_to_start_again(place: Place, new_page: NewPage) -> None:
    page = new_page(watched=False)  # the page that is no more answers 410, which the console repeats
    page.goto(place.start())
    sign_in(page)
    said(page).to_have_text("back: code")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cette connexion est déjà terminée")
    expect(page.get_by_role("link", name="Recommencer sur le portail")).to_have_attribute(
        "href", f"{place.portal}/home"
    )


def test_two_tabs_of_a_browser_each_finish_their_own(place: Place, new_page: NewPage) -> None:
    first = new_page()
    second = first.context.new_page()
    first.goto(place.start(state="1"))
    second.goto(place.start(state="2"))
    for tab, state in ((second, "2"), (first, "1")):
        sign_in(tab)
        said(tab).to_have_text("back: code")
        assert f"state={state}" in tab.url


def test_a_link_sent_to_another_browser_signs_nobody_in(place: Place, new_page: NewPage) -> None:
    mine, theirs = new_page(), new_page(watched=False)
    mine.goto(place.start())
    theirs.goto(mine.url)
    expect(theirs.get_by_role("heading", level=1)).to_have_text("Cette connexion a été commencée ailleurs")
    sign_in(mine)
    said(mine).to_have_text("back: code")


def test_ticks_say_in_words_what_they_show(place: Place, new_page: NewPage) -> None:
    page = new_page()
    page.goto(place.start())
    tick = page.locator("#siret-tick")
    for typed, words in (
        ("999 000", "Chiffres saisis : 6 sur 14"),
        ("999000375", "9 chiffres : c’est un SIREN, il manque les 5 derniers du SIRET"),
        ("999 000 375 00017", "14 chiffres, numéro vraisemblable"),
        ("999 000 375 00018", "14 chiffres, mais la clé de contrôle ne correspond pas : relisez le numéro"),
        ("356 000 000 49837", "14 chiffres, numéro vraisemblable"),
        ("999 000 375 000171", "Trop de chiffres : 15 saisis, un SIRET en compte 14"),
    ):
        page.fill("#siret", typed)
        expect(tick).to_have_text(words)
    assert tick.get_attribute("role") == "status"


def test_an_error_is_announced_and_focused(place: Place, new_page: NewPage) -> None:
    page = new_page()
    page.goto(place.start())
    page.fill("#siret", "123")
    page.click("#sign-in [type=submit]")
    expect(page.locator("#siret")).to_be_focused()
    expect(page.locator("#siret")).to_have_accessible_description(re.compile("Un SIRET compte 14 chiffres"))
    expect(page.locator("#siret-error")).to_have_attribute("role", "alert")
    expect(page).to_have_title(re.compile("^Erreur"))


def test_a_refusal_keeps_everything_but_the_password(place: Place, new_page: NewPage) -> None:
    page = new_page()
    page.goto(place.start())
    fill(page, "Autre2026demo")
    page.click("#sign-in [type=submit]")
    expect(page.get_by_role("alert").filter(has_text="Connexion refusée")).to_be_visible()
    expect(page.locator("#siret")).to_have_value("999 000 375 00017")
    expect(page.locator("#password")).to_have_value("")
    expect(page.locator("#password")).to_be_focused()


def test_the_password_can_be_shown_and_hidden(place: Place, new_page: NewPage) -> None:
    page = new_page()
    page.goto(place.start())
    button = page.locator("#reveal")
    button.click()
    expect(page.locator("#password")).to_have_attribute("type", "text")
    expect(button).to_have_accessible_name("Masquer le mot de passe")
    button.press("Enter")
    expect(page.locator("#password")).to_have_attribute("type", "password")


def test_without_script_there_is_no_button_that_does_nothing(place: Place, new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(place.start())
    expect(page.locator("#reveal")).to_be_hidden()


def test_a_password_manager_keeps_the_whole_triplet(place: Place, new_page: NewPage) -> None:
    page = new_page()
    page.goto(place.start())
    page.evaluate("document.getElementById('sign-in').addEventListener('submit', function (e) { e.preventDefault() })")
    sign_in(page)
    expect(page.locator("#username")).to_have_value("99900037500017/moutin/Claire")
    page.evaluate(
        "var u = document.getElementById('username'); u.value = '97050551700072/SAWYER/TOM';"
        "u.dispatchEvent(new Event('input'))"
    )
    expect(page.locator("#siret")).to_have_value("97050551700072")
    expect(page.locator("#family_name")).to_have_value("SAWYER")
    expect(page.locator("#given_name")).to_have_value("TOM")


def test_the_markup_is_what_password_managers_understand(place: Place, new_page: NewPage) -> None:
    """WIDGET 4.11: SIRET is not the user name; the hidden field that is stands before the password."""
    page = new_page()
    page.goto(place.start())
    kept = page.eval_on_selector_all("#sign-in input[autocomplete]", "all => all.map(e => [e.id, e.autocomplete])")
    assert [
        ["siret", "off"],
        ["family_name", "family-name"],
        ["given_name", "given-name"],
        ["username", "username"],
        ["password", "current-password"],
    ] == kept
    hidden = page.locator("#username")
    assert ("-1", "true") == (hidden.get_attribute("tabindex"), hidden.get_attribute("aria-hidden"))


def test_the_keyboard_goes_through_in_the_order_of_the_eyes(place: Place, new_page: NewPage) -> None:
    page = new_page()
    page.goto(place.start())
    order = []
    for _ in range(9):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    assert [
        "Aller au contenu",
        "siret",
        "family_name",
        "given_name",
        "password",
        "reveal",
        "remember",
        "Accéder à mon espace",
        "Annuler et revenir au portail",
    ] == order


def test_a_device_remembers_without_script(place: Place, new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(place.start())
    page.check("#remember")
    sign_in(page)
    said(page).to_have_text("back: code")
    page.goto(place.start(prompt="login"))
    expect(page.locator("#family_name")).to_have_value("moutin")
    expect(page.locator("#password")).to_have_value("")


def test_a_removed_script_leaves_a_whole_page(place: Place, new_page: NewPage) -> None:
    page = new_page(watched=False)
    page.route("**/sign_in.js", lambda route: route.abort())
    page.goto(place.start())
    sign_in(page)
    said(page).to_have_text("back: code")


def test_a_client_may_register_its_other_origins(visit: Callable[..., Place]) -> None:
    """What the first form-action test stands on."""
    place = visit(change=with_suite)
    client: Client | None = place.deps.registry().find("portail")
    assert client is not None
    assert (place.suite,) == client.form_action_origins


def test_our_own_pages_sign_people_in_like_any_portal(place: Place, new_page: NewPage) -> None:
    """Through the built-in client, and then without a word for whoever is signed in already."""
    page = new_page()
    page.goto(f"{place.issuer}/account/sessions")
    sign_in(page)
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Mes connexions")
    page.goto(place.start())
    said(page).to_have_text("back: code")
    page.goto(f"{place.issuer}/account/sessions")
    expect(page.locator(".connections")).to_contain_text("Portail d’essai")


def test_the_themes_links_are_there_when_it_gives_them(place: Place, samples: str, new_page: NewPage) -> None:
    page = new_page()
    for theme, links in (
        ("default", []),
        ("guichet-paie", ["Mot de passe oublié ?", "Créer un compte", "Se connecter avec un certificat", "Aide"]),
    ):
        page.goto(f"{samples}/sign-in?theme={theme}")
        shown = [text.partition(" (nouvelle")[0] for text in page.locator(".ways a").all_text_contents()]
        assert links == shown
