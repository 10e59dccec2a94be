"""A flood of sign-ins keeps request threads waiting for hashes, and must leave some to everybody else."""

from __future__ import annotations

import fcntl
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode, urljoin

import pytest

from idp.adapters.hash_threads import slots_of_this_machine
from tests.pages import Forms
from tests.processes import fetch, fetch_when_up, settings_of, started

THREADS = 8
VISITORS = 3 * THREADS
STRANGERS_PLACES = THREADS // 4
"""Half of the threads may wait for a hash, and half of these places are kept for known browsers."""
TYPED = {"siret": "73282932000074", "family_name": "X", "given_name": "Y", "password": "Mauvais2026"}


@pytest.fixture
def environment(migrated_sqlite: Path, tmp_path: Path) -> dict[str, str]:
    copy = tmp_path / "mire.sqlite3"
    copy.write_bytes(migrated_sqlite.read_bytes())
    return settings_of(f"sqlite:///{copy}", tmp_path, IDP_THREADS=str(THREADS), IDP_BCRYPT_COST="4")


@contextmanager
def nothing_is_hashed(folder: Path) -> Iterator[None]:
    """Hold every slot of the machine, as another process that hashes would."""
    slots = [os.open(folder / f"hash-slot-{n}.lock", os.O_RDWR | os.O_CREAT) for n in range(slots_of_this_machine())]
    try:
        for slot in slots:
            fcntl.flock(slot, fcntl.LOCK_EX)
        yield
    finally:
        for slot in slots:
            os.close(slot)


def open_form(issuer: str) -> tuple[urllib.request.OpenerDirector, str, dict[str, str]]:
    """A browser at the sign-in page: itself, where the form goes, and what it holds."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with browser.open(f"{issuer}/account/sessions") as page:
        address, forms = page.url, Forms()
        forms.feed(page.read().decode())
    number = next(n for n, form in enumerate(forms.found) if "password" in form)
    return browser, urljoin(address, forms.actions[number]), forms.found[number] | TYPED


def submit(browser: urllib.request.OpenerDirector, address: str, form: dict[str, str]) -> int:
    try:
        with browser.open(address, urlencode(form).encode(), timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_tokens_are_given_while_nothing_is_hashed(environment: dict[str, str], tmp_path: Path) -> None:
    issuer = environment["IDP_ISSUER"]
    with started(environment, "run"), ThreadPoolExecutor(VISITORS) as visitors:
        fetch_when_up(f"{issuer}/health/live")
        forms = [open_form(issuer) for _ in range(VISITORS)]
        with nothing_is_hashed(tmp_path / "run"):
            tries = [visitors.submit(submit, *form) for form in forms]
            turned_away = []
            for answered in as_completed(tries, timeout=60):
                turned_away.append(answered.result())
                if len(turned_away) == VISITORS - STRANGERS_PLACES:
                    break
            assert set(turned_away) == {503}
            assert fetch(f"{issuer}/userinfo")[0] == 401
        assert sorted(task.result() for task in tries)[:STRANGERS_PLACES] == [200] * STRANGERS_PLACES
