"""docs/how-to/embed-the-widget.md: its Python portal, as written; the others are run by `make interop`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from idp.domain.portals.widget_findings import Found
from tests.interop.visitor import TRIPLET
from tests.widget.conftest import NewContext
from tests.widget.embedding import (
    GREETING,
    Portal,
    begins_only_from_its_own_page,
    changed,
    fill_frame,
    findings_of,
    portal_running,
    python_portal,
    registry,
    signs_in_by_frame,
    signs_in_by_link,
    takes_no_answer_of_another_issuer,
    takes_no_stolen_answer,
    written,
)

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Running:
    portal: Portal
    issuer: str


@pytest.fixture(scope="module")
def running(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    portal = python_portal()
    with portal_running(portal, registry(portal), migrated_sqlite, tmp_path_factory.mktemp("portal")) as issuer:
        yield Running(portal, issuer)


@pytest.fixture(scope="module")
def by_message(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """With the changes of "Without leaving the page"."""
    portal = python_portal(changed(written("python")[0], written("diff")[0]))
    clients, folder = registry(portal, "message"), tmp_path_factory.mktemp("portal")
    with portal_running(portal, clients, migrated_sqlite, folder) as issuer:
        yield Running(portal, issuer)


def test_the_python_portal_signs_in_by_its_frame(running: Running, page: Page) -> None:
    signs_in_by_frame(page, running.portal, running.issuer)
    page.get_by_text("Quitter").click()
    expect(page.locator("mire-login")).to_be_attached()
    # The second time in this browser nothing is asked between the form and the portal.
    fill_frame(page, running.portal)
    expect(page.get_by_text(GREETING)).to_be_visible()


def test_the_python_portal_signs_in_by_its_link(running: Running, new_context: NewContext) -> None:
    page = new_context(java_script_enabled=False).new_page()
    signs_in_by_link(page, running.portal, running.issuer)


def test_the_python_portal_takes_nothing_from_strangers(running: Running, page: Page) -> None:
    assert begins_only_from_its_own_page(running.portal)
    takes_no_stolen_answer(page, running.portal, running.issuer)
    takes_no_answer_of_another_issuer(page, running.portal, running.issuer)


def test_four_tabs_may_be_open(running: Running, new_context: NewContext) -> None:
    """Each begins an attempt; the cookie that holds them all is still kept, and the first tab still signs in."""
    context = new_context()
    first = context.new_page()
    first.goto(f"{running.portal.here}/")
    expect(first.frame_locator("mire-login iframe").locator("#submit")).to_be_visible()
    for _ in range(3):
        other = context.new_page()
        other.goto(f"{running.portal.here}/")
        expect(other.frame_locator("mire-login iframe").locator("#submit")).to_be_visible()
        other.close()
    first.bring_to_front()
    signs_in_here(first)
    first.wait_for_url(f"{running.issuer}/widget/continue?**")
    first.locator("button[name=keep][value=no]").click()
    expect(first.get_by_text(GREETING)).to_be_visible()


def signs_in_here(page: Page) -> None:
    """The form that is already there."""
    frame = page.frame_locator("mire-login iframe")
    for name, value in TRIPLET.items():
        frame.locator(f"#{name}").fill(value)
    frame.locator("#submit").click()


def test_the_python_portal_signs_in_by_message(by_message: Running, page: Page) -> None:
    """The page is never left: only the portal's own addresses are visited."""
    visited: list[str] = []
    page.on("framenavigated", lambda frame: visited.append(frame.url) if frame.parent_frame is None else None)
    fill_frame(page, by_message.portal)
    expect(page.get_by_text(GREETING)).to_be_visible()
    assert set(visited) == {f"{by_message.portal.here}/"}


def test_whoever_follows_the_link_comes_back_by_redirect(by_message: Running, new_context: NewContext) -> None:
    page = new_context(java_script_enabled=False).new_page()
    signs_in_by_link(page, by_message.portal, by_message.issuer)


def test_the_gateways_own_check_finds_nothing_to_mend(running: Running) -> None:
    """Only what a trial on one's own machine cannot have: https."""
    assert findings_of(running.portal, running.issuer) == [Found.PLAIN_HTTP]
