"""A real Chromium against a live gateway on loopback."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from idp.adapters.theme_files import load_themes
from idp.store.database import Database
from idp.wiring import open_database
from tests.browser.serving import add_samples, serving
from tests.quiet import quiet_app, quiet_deps

THEMES = load_themes(Path("themes"), loopback=True).themes
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium(playwright: Playwright, installed_chromium: str) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=installed_chromium, args=SWITCHES)
    yield browser
    browser.close()


@dataclass
class Watch:
    """What a page complained of: policy reports, script errors, console errors, requests that left our origin."""

    found: list[str] = field(default_factory=list)

    def on(self, context: BrowserContext) -> None:
        context.expose_function("mireReport", lambda line: self.found.append(line))
        context.add_init_script(
            "document.addEventListener('securitypolicyviolation', function (e) {"
            "mireReport('CSP ' + e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sourceFile + ':' + e.lineNumber) })"
        )
        context.on("weberror", lambda error: self.found.append(f"script error: {error.error}"))
        context.on("console", lambda line: self.found.append(line.text) if line.type == "error" else None)


NewPage = Callable[..., Page]


@pytest.fixture
def new_page(chromium: Browser) -> Iterator[NewPage]:
    """Pages, each in a browser profile of its own; whatever one complains of fails the test."""
    with ExitStack() as stack:
        watches: list[Watch] = []

        def make(*, watched: bool = True, **options: Any) -> Page:
            context = chromium.new_context(**{"locale": "fr-FR", **options})
            stack.callback(context.close)
            if watched:
                watches.append(Watch())
                watches[-1].on(context)
            return context.new_page()

        yield make
        assert [] == [line for watch in watches for line in watch.found]


@pytest.fixture(scope="session")
def sqlite_database(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Database]:
    copy = tmp_path_factory.mktemp("browser") / "mire.sqlite3"
    shutil.copy(migrated_sqlite, copy)
    opened = open_database(f"sqlite:///{copy}")
    yield opened
    opened.close()


@pytest.fixture
def fresh_sqlite(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Database]:
    """An empty database of this test alone; both engines are for the other tests."""
    copy = tmp_path / "mire.sqlite3"
    shutil.copy(migrated_sqlite, copy)
    opened = open_database(f"sqlite:///{copy}")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def sample_app(sqlite_database: Database) -> Flask:
    deps = quiet_deps(sqlite_database, issuer="http://localhost", themes=lambda: THEMES)
    app = quiet_app(deps)
    add_samples(app)
    return app


@pytest.fixture(scope="session")
def samples(sample_app: Flask) -> Iterator[str]:
    """The address under which `/sample/<name>?theme=` answers."""
    with serving(sample_app) as port:
        yield f"http://localhost:{port}/sample"
