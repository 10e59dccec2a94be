"""A full disk, a locked or an absent database: 503 with Retry-After, readiness red, and green again afterwards."""

from __future__ import annotations

import resource
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.conftest import fresh_postgresql
from tests.processes import PATIENCE_SECONDS, fetch, fetch_when_up, let_others_run, settings_of, started


@pytest.fixture
def environment(migrated_sqlite: Path, tmp_path: Path) -> dict[str, str]:
    copy = tmp_path / "mire.sqlite3"
    copy.write_bytes(migrated_sqlite.read_bytes())
    return settings_of(f"sqlite:///{copy}", tmp_path)


def answer_of(url: str) -> tuple[int, Message]:
    """What a new browser gets in the end."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    try:
        with browser.open(url, timeout=PATIENCE_SECONDS) as response:
            return response.status, response.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers


def becomes(url: str, status: int) -> bool:
    """Whether the address answers that status within our patience."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while fetch(url)[0] != status:
        if time.monotonic() > deadline:
            return False
        let_others_run()
    return True


def every_process(pid: int) -> list[psutil.Process]:
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


@contextmanager
def full_disk(pid: int) -> Iterator[None]:
    """No file of these processes may grow: SQLite is told what a full disk would tell it."""
    family = every_process(pid)
    before = [process.rlimit(psutil.RLIMIT_FSIZE) for process in family]
    for process, (_, hard) in zip(family, before, strict=True):
        process.rlimit(psutil.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        for process, limits in zip(family, before, strict=True):
            process.rlimit(psutil.RLIMIT_FSIZE, limits)


@contextmanager
def locked_database(environment: dict[str, str]) -> Iterator[None]:
    """Another program writes and does not end."""
    connection = sqlite3.connect(environment["IDP_DATABASE_URL"].removeprefix("sqlite:///"), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.rollback()
        connection.close()


def weather(kind: str, environment: dict[str, str], pid: int) -> Callable[[], object]:
    return {"full": lambda: full_disk(pid), "locked": lambda: locked_database(environment)}[kind]


@pytest.mark.parametrize("kind", ["full", "locked"])
def test_a_database_that_cannot_be_written_is_503_and_nothing_worse(environment: dict[str, str], kind: str) -> None:
    issuer = environment["IDP_ISSUER"]
    with started(environment, "run") as process:
        assert fetch_when_up(f"{issuer}/health/ready") == (200, b"up\n")
        with weather(kind, environment, process.pid)():  # type: ignore[attr-defined]
            assert becomes(f"{issuer}/health/ready", 503)
            status, headers = answer_of(f"{issuer}/account/sessions")  # begins a transaction: it must write
            assert (status, headers["Retry-After"] is not None) == (503, True)
            assert fetch(f"{issuer}/health/live") == (200, b"up\n")
            assert fetch(f"http://{environment['IDP_OPS_LISTEN']}/health/ready")[0] == 503
        assert becomes(f"{issuer}/health/ready", 200)
        assert answer_of(f"{issuer}/account/sessions")[0] == 200
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 0


def test_a_database_that_has_gone_is_503_until_it_is_back(postgresql_server: str, tmp_path: Path) -> None:
    with fresh_postgresql(postgresql_server) as url:
        environment = settings_of(url, tmp_path)
        issuer, name = environment["IDP_ISSUER"], url.partition("?")[0].rpartition("/")[2]
        with started(environment, "run"), psycopg.connect(postgresql_server, autocommit=True) as server:
            assert fetch_when_up(f"{issuer}/health/ready") == (200, b"up\n")
            server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            assert becomes(f"{issuer}/health/ready", 503)
            assert fetch(f"{issuer}/health/ready") == (503, b"down\n")
            assert answer_of(f"{issuer}/account/sessions")[0] == 503
            server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
            assert becomes(f"{issuer}/health/ready", 200)
