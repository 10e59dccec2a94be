"""A Chromium that blocks third-party cookies, against three sites on loopback."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from idp.store.database import Database
from idp.wiring import open_database
from tests.widget.chromium import running_chromium
from tests.widget.places import Place, three_sites

expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def strict_chromium(
    playwright: Playwright, installed_chromium: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """One process for all tests of this folder."""
    profile = tmp_path_factory.mktemp("chromium") / "profile"
    with running_chromium(installed_chromium, profile) as address:
        yield playwright.chromium.connect_over_cdp(address)


NewContext = Callable[..., BrowserContext]


@pytest.fixture
def new_context(strict_chromium: Browser) -> Iterator[NewContext]:
    """Browsers without a past; test_harness.py shows that they too block third-party cookies."""
    with ExitStack() as stack:

        def make(**options: Any) -> BrowserContext:
            context = strict_chromium.new_context(**{"locale": "fr-FR", **options})
            context.set_default_timeout(30_000)
            stack.callback(context.close)
            return context

        yield make


@pytest.fixture
def page(new_context: NewContext) -> Page:
    return new_context().new_page()


@pytest.fixture
def empty_database(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Database]:
    """Of this test alone; both engines are for the other tests."""
    copy = tmp_path / "mire.sqlite3"
    shutil.copy(migrated_sqlite, copy)
    opened = open_database(f"sqlite:///{copy}")
    yield opened
    opened.close()


NewPlace = Callable[..., Place]


@pytest.fixture
def new_place(empty_database: Database) -> Iterator[NewPlace]:
    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(three_sites(empty_database, **how))


@pytest.fixture
def place(new_place: NewPlace) -> Place:
    return new_place()
