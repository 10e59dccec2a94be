"""Nothing is ever lost that was answered with success: sixteen processes at once, half of them killed on the way."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from idp.domain.platform.digests import token_hash
from idp.domain.portals.refresh_tokens import RefreshToken, read_refresh_token
from idp.store.portals.authorizations import authorizations, refresh_families
from idp.usecases.deps import Deps
from idp.usecases.portals.refreshing import refresh
from tests.rows import make_account, make_session
from tests.usecases.portals.durability_worker import ACTOR, PORTAL, worker_deps

PROCESSES = 16
SECONDS = {"sqlite": 10.0, "postgresql": 3.0}
MODULE = "tests.usecases.portals.durability_worker"
ROOT = Path(__file__).parents[3]
Said = dict[int, list[list[str]]]
"""By process id: every line it said, as words."""


@pytest.fixture
def said(database_url: str) -> Said:
    """What all of them said; the first half was killed by kill -9 half-way."""
    seconds = SECONDS[database_url.partition(":")[0].partition("+")[0]]
    deps = worker_deps(database_url)
    make_session(deps, make_account(deps))
    deps.database.close()
    lines: Said = {}
    command = [sys.executable, "-m", MODULE, database_url, str(PROCESSES), str(seconds)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as nursery:
        assert nursery.stdout is not None
        executioner = threading.Timer(seconds / 2, lambda: [os.kill(pid, 9) for pid in list(lines)[: PROCESSES // 2]])
        for line in nursery.stdout:
            if not lines:
                executioner.start()
            pid, *words = line.split()
            lines.setdefault(int(pid), []).append(words)
        executioner.join()
    return lines


def test_no_answered_change_is_lost_and_nobody_meets_a_lock(said: Said, database_url: str) -> None:
    lines = [line for process in said.values() for line in process]
    assert [] == [line for line in lines if line[0] == "failed"]
    assert PROCESSES == len(said), "every process got something done"
    deps = worker_deps(database_url)
    redeemed, families = rows(deps)
    last = {code: token for _, code, token in lines}
    assert set(last) <= redeemed
    for text in last.values():
        # A killed process may have been answered by the database and not have said it: then the family is one ahead.
        token, family = parsed(text), families[parsed(text).family_id]
        assert family.generation - token.generation in (0, 1)
        if family.generation == token.generation:
            assert token_hash(text) == family.token_hash
    for newest in (process[-1][2] for process in said.values()):
        if families[parsed(newest).family_id].generation == parsed(newest).generation:
            assert isinstance(refresh(deps, ACTOR, PORTAL, newest), bytes), "the last answered token still refreshes"
    deps.database.close()


def rows(deps: Deps) -> tuple[set[str], dict[str, Any]]:
    """The ids of spent codes, and every family by id."""
    spent = select(authorizations.c.id).where(authorizations.c.redeemed_at.is_not(None))
    with deps.read() as connection:
        families = {row.id: row for row in connection.execute(select(refresh_families))}
        return set(connection.execute(spent).scalars()), families


def parsed(text: str) -> RefreshToken:
    token = read_refresh_token(text)
    assert token is not None
    return token
