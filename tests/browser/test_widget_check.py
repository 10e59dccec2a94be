"""The check of a partner's page, in a browser: what it finds, and what the browser can do, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from idp.adapters.outbound import OutboundAnswer, QuietOutbound
from idp.domain.portals.clients import ClientRegistry
from idp.domain.portals.widgets import Widget
from idp.store.database import Database
from idp.web.samples import CLIENT
from tests.browser.conftest import THEMES, NewPage
from tests.browser.serving import serving, take_port
from tests.quiet import quiet_app, quiet_deps

pytestmark = pytest.mark.browser

PAGE = "https://portail.example.fr/connexion"
CHROMIUM_CAN = ("Éléments personnalisés : oui", "Contexte sûr : oui", "acceptés", "FedCM : oui", "oui, un formulaire")


@pytest.fixture
def issuer(fresh_sqlite: Database) -> Iterator[str]:
    """A gateway that knows one partner, whose page has no script and no policy."""
    taken = take_port()
    issuer = f"http://localhost:{taken.getsockname()[1]}"
    client = replace(CLIENT, theme="guichet-paie", widget=Widget(origins=("https://portail.example.fr",)))
    registry = ClientRegistry("d", {client.client_id: client})
    outbound = QuietOutbound()
    outbound.answers[PAGE] = OutboundAnswer(200, b"<p>Bonjour", {"content-type": "text/html"})
    deps = quiet_deps(fresh_sqlite, issuer=issuer, registry=lambda: registry, themes=lambda: THEMES, outbound=outbound)
    with serving(quiet_app(deps), taken):
        yield issuer


def test_a_partner_reads_what_to_mend_and_what_its_browser_can_do(issuer: str, new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"{issuer}/widget/check?client_id=portail")
    expect(page.locator("#untested")).to_be_hidden()
    for line in CHROMIUM_CAN:
        expect(page.locator("#features")).to_contain_text(line)
    assert page.locator("#features li").count() == 7
    page.keyboard.press("Tab")
    page.locator("#address").fill(PAGE)
    page.keyboard.press("Enter")
    expect(page).to_have_title("Résultat : Vérifier l’intégration du widget – Portail d’essai")
    expect(page.locator(".finding-broken").first).to_contain_text(f'<script src="{issuer}/w/')
    expect(page.locator("#address")).to_have_value(PAGE)


def test_without_javascript_the_page_is_judged_and_the_browser_is_not(issuer: str, new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False, watched=False)
    page.goto(f"{issuer}/widget/check?client_id=portail")
    expect(page.locator("#untested")).to_be_visible()
    expect(page.locator("#features")).to_be_hidden()
    page.locator("#address").fill(PAGE)
    page.get_by_role("button", name="Vérifier").click()
    expect(page.locator(".finding-broken").first).to_be_visible()


def test_a_refused_address_is_announced_and_focused(issuer: str, new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"{issuer}/widget/check?client_id=portail")
    page.locator("#address").fill("https://elsewhere.example.fr/")
    page.get_by_role("button", name="Vérifier").click()
    expect(page.locator("#address")).to_be_focused()
    expect(page.locator("#address")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#address-error")).to_contain_text("Rien n’a été demandé à ce serveur.")
