"""The portals of docs/how-to/embed-the-widget.md in Node and PHP, as written; tests/widget runs the Python one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page

from idp.domain.portals.widget_findings import Found
from tests.widget.conftest import NewContext
from tests.widget.conftest import new_context as new_context
from tests.widget.conftest import page as page
from tests.widget.conftest import strict_chromium as strict_chromium
from tests.widget.embedding import (
    Portal,
    begins_only_from_its_own_page,
    findings_of,
    node_portal,
    php_portal,
    portal_running,
    registry,
    signs_in_by_frame,
    signs_in_by_link,
    takes_no_answer_of_another_issuer,
    takes_no_stolen_answer,
)


@dataclass(frozen=True)
class Running:
    portal: Portal
    issuer: str


@pytest.fixture(params=[node_portal, php_portal], ids=["node", "php"], scope="module")
def running(
    request: pytest.FixtureRequest, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    portal: Portal = request.param()
    with portal_running(portal, registry(portal), migrated_sqlite, tmp_path_factory.mktemp("portal")) as issuer:
        yield Running(portal, issuer)


def test_the_portal_signs_in_by_its_frame(running: Running, page: Page) -> None:
    signs_in_by_frame(page, running.portal, running.issuer)


def test_the_portal_signs_in_by_its_link(running: Running, new_context: NewContext) -> None:
    page = new_context(java_script_enabled=False).new_page()
    signs_in_by_link(page, running.portal, running.issuer)


def test_the_portal_takes_nothing_from_strangers(running: Running, page: Page) -> None:
    assert begins_only_from_its_own_page(running.portal)
    takes_no_stolen_answer(page, running.portal, running.issuer)
    takes_no_answer_of_another_issuer(page, running.portal, running.issuer)


def test_the_gateways_own_check_finds_nothing_to_mend(running: Running) -> None:
    assert findings_of(running.portal, running.issuer) == [Found.PLAIN_HTTP]
