"""Consent, account and form post in a real browser, with a portal of another origin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from idp.domain.portals.clients import Client
from idp.store.database import Database
from tests.browser.conftest import NewPage
from tests.browser.portals import PASSWORD, Place, journey, with_suite

pytestmark = pytest.mark.browser
SCRIPTS = pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])


@pytest.fixture
def visit(fresh_sqlite: Database) -> Iterator[Callable[..., Place]]:
    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(journey(fresh_sqlite, **how))


def consenting(client: Client) -> Client:
    return replace(with_suite(client), require_consent=True, scopes=frozenset({"openid", "email"}))


def sign_in(page: Page) -> None:
    for name, text in (("siret", "99900037500017"), ("family_name", "moutin"), ("given_name", "Claire")):
        page.fill(f"#{name}", text)
    page.fill("#password", PASSWORD)
    page.click("#sign-in [type=submit]")


def says(page: Page, text: str) -> None:
    expect(page.locator("#said")).to_have_text(text)


@SCRIPTS
def test_a_form_post_reaches_the_portal(visit: Callable[..., Place], new_page: NewPage, javascript: bool) -> None:
    place = visit()
    page = new_page(java_script_enabled=javascript)
    page.goto(place.start(response_mode="form_post"))
    sign_in(page)
    if not javascript:
        page.get_by_role("button", name="Continuer").click()
    says(page, "back: code")


def test_a_form_post_may_be_redirected_on_to_what_the_client_registered(
    visit: Callable[..., Place], new_page: NewPage
) -> None:
    page = new_page()
    page.goto(visit(change=with_suite).start(response_mode="form_post", state="suite"))
    sign_in(page)
    says(page, "home")


@SCRIPTS
def test_consent_is_asked_once(visit: Callable[..., Place], new_page: NewPage, javascript: bool) -> None:
    place = visit(change=consenting)
    page = new_page(java_script_enabled=javascript)
    page.goto(place.start(scope="openid email", state="suite"))
    sign_in(page)
    expect(page.get_by_role("listitem").filter(has_text="adresse électronique")).to_be_visible()
    page.get_by_role("button", name="J’accepte").click()
    says(page, "home")
    page.goto(place.start(scope="openid email"))
    says(page, "back: code")


def test_refusing_consent_comes_back_with_access_denied(visit: Callable[..., Place], new_page: NewPage) -> None:
    page = new_page()
    page.goto(visit(change=consenting).start())
    sign_in(page)
    page.get_by_role("button", name="Je refuse").click()
    says(page, "back: access_denied")


def test_an_account_is_chosen(visit: Callable[..., Place], new_page: NewPage) -> None:
    place, page = visit(), new_page()
    page.goto(place.start())
    sign_in(page)
    says(page, "back: code")
    page.goto(place.start(prompt="select_account"))
    page.get_by_role("button", name="Continuer avec ce compte").click()
    says(page, "back: code")
    page.goto(place.start(prompt="select_account"))
    page.get_by_role("link", name="Utiliser un autre compte").click()
    sign_in(page)
    says(page, "back: code")


def messaged(client: Client) -> Client:
    """The portal's own origin may be told by message."""
    origin = client.redirect_uris[0].removesuffix("/cb")
    return replace(client, web_origins=(origin,))


LISTEN = """() => {
    window.told = [];
    window.addEventListener('message', (event) => window.told.push([event.origin, event.data]));
}"""


def test_a_popup_hands_its_answer_to_the_page_that_opened_it(visit: Callable[..., Place], new_page: NewPage) -> None:
    """response_mode=web_message; the window closes itself."""
    place = visit(change=messaged)
    page = new_page()
    page.goto(f"{place.portal}/home")
    page.evaluate(LISTEN)
    with page.expect_popup() as opened:
        page.evaluate("(address) => { window.open(address) }", place.start(response_mode="web_message"))
    with opened.value.expect_event("close"):
        sign_in(opened.value)
    page.wait_for_function("() => window.told.length > 0")
    ((origin, message),) = page.evaluate("() => window.told")
    assert (origin, message["type"]) == (place.issuer, "authorization_response")
    assert set(message["response"]) == {"code", "state", "iss"}


def test_a_page_of_another_origin_is_told_nothing(visit: Callable[..., Place], new_page: NewPage) -> None:
    """Attack: another site opens the window and listens; the control is the test before."""
    place = visit(change=messaged)
    page = new_page(watched=False)
    page.goto(place.start())
    sign_in(page)
    says(page, "back: code")
    page.goto(f"{place.suite}/home")
    page.evaluate(LISTEN)
    with page.expect_popup() as opened:
        page.evaluate("(address) => { window.open(address) }", place.start(response_mode="web_message", prompt="none"))
    with opened.value.expect_event("close"):
        pass
    assert page.evaluate("() => window.told") == []
