"""A partner's old widget in a real browser: its page is of another origin than the gateway."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from idp.domain.portals.clients import Client
from idp.domain.portals.legacy_widgets import LegacyWidget
from idp.store.database import Database
from tests.browser.conftest import NewPage
from tests.browser.portals import PASSWORD, Place, journey

pytestmark = pytest.mark.browser


def with_old_widget(client: Client) -> Client:
    origin = client.redirect_uris[0].removesuffix("/cb")
    widget = LegacyWidget(
        origins=(origin,), success_urls=(f"{origin}/old/ok",), failure_urls=(f"{origin}/old/ko",)
    )  # fmt: skip
    return replace(client, legacy_widget=widget)


@pytest.fixture
def place(fresh_sqlite: Database) -> Iterator[Place]:
    with journey(fresh_sqlite, change=with_old_widget) as place:
        yield place


def send(page: Page, place: Place, site: str, password: str = PASSWORD, name: str = "jtd") -> None:
    """Press the button of the form that `site` shows."""
    form = {
        "at": f"{place.issuer}/auth/MAG/widget/validation", "urlOK": f"{place.portal}/old/ok",
        "urlKO": f"{place.portal}/old/ko", "nomJeton": name, "siret": "99900037500017", "nom": "moutin",
        "prenom": "Claire", "password": password,
    }  # fmt: skip
    page.goto(f"{site}/old?{urlencode(form)}")
    page.get_by_role("button", name="Se connecter").click()


@pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])
def test_the_token_reaches_the_partner_and_the_browser_keeps_nothing(
    place: Place, new_page: NewPage, javascript: bool
) -> None:
    page = new_page(java_script_enabled=javascript)
    send(page, place, place.portal)
    if not javascript:
        page.get_by_role("button", name="Continuer").click()
    expect(page.locator("#said")).to_have_text("token: jtd., in the address:")
    assert page.context.cookies() == []


def test_a_name_that_hides_the_forms_own_method_still_sends_it(place: Place, new_page: NewPage) -> None:
    """Attack on the page's script: a field called submit. Without the field the partner expects it answers 400."""
    page = new_page(watched=False)
    send(page, place, place.portal, name="submit")
    page.wait_for_url(f"{place.portal}/old/ok")


def test_a_refused_person_is_back_at_the_partner(place: Place, new_page: NewPage) -> None:
    page = new_page()
    send(page, place, place.portal, "Mire2026wrong")
    expect(page.locator("#said")).to_have_text("refused")
    assert page.context.cookies() == []


def test_who_must_wait_is_told_so_and_goes_back_to_the_partner(place: Place, new_page: NewPage) -> None:
    page = new_page(watched=False)
    for _ in range(6):
        send(page, place, place.portal, "Mire2026wrong")
    expect(page.get_by_role("heading", level=1)).to_have_text("Trop d’essais.")
    page.get_by_role("link", name="Recommencer sur le portail").click()
    expect(page.locator("#said")).to_have_text("refused")


def test_another_sites_form_goes_nowhere(place: Place, new_page: NewPage) -> None:
    """Attack: another site signs its visitor in at the partner. The control is the first test: the same form there."""
    page = new_page(watched=False)
    send(page, place, place.suite)
    expect(page.get_by_role("heading", level=1)).to_have_text("Cette demande de connexion n’est pas ou plus valable")
    assert page.url.startswith(place.issuer)
