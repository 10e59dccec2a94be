"""A batch and the place reached in its file are one transaction."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp.store.people.account_imports import ImportProgress
from idp.usecases.deps import Deps
from idp.usecases.people.imports import BatchDone, Overtaken, Record, import_batch, import_progress
from tests.usecases.people.conftest import OPERATOR
from tests.usecases.people.trail import events

CELLS = {
    "siret": "99900037500017",
    "family_name": "Moutin",
    "given_name": "Claire",
    "email": "claire@example.fr",
    "role": "declarant",
    "password": "Mire2026demo",
}
CLAIRE, ANNE = Record(2, CELLS), Record(3, CELLS | {"given_name": "Anne"})


def test_a_batch_is_made_traced_and_noted(deps: Deps) -> None:
    done = import_batch(deps, OPERATOR, "file", ImportProgress(), [CLAIRE, ANNE])
    assert done == BatchDone(ImportProgress(records_done=2, created=2), ())
    assert import_progress(deps, "file") == ImportProgress(records_done=2, created=2)
    assert events(deps) == ["account.imported", "account.imported"]


def test_of_two_runs_of_one_file_the_slower_writes_nothing(deps: Deps) -> None:
    first = import_batch(deps, OPERATOR, "file", ImportProgress(), [CLAIRE])
    assert isinstance(first, BatchDone)
    assert import_batch(deps, OPERATOR, "file", ImportProgress(), [ANNE]) == Overtaken()
    import_batch(deps, OPERATOR, "file", first.progress, [ANNE])
    assert import_batch(deps, OPERATOR, "file", first.progress, [replace(ANNE, cells=CELLS)]) == Overtaken()
    assert events(deps) == ["account.imported", "account.imported"]


def test_a_batch_that_fails_leaves_no_trace(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deps.random, "token", lambda size=32: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        import_batch(deps, OPERATOR, "file", ImportProgress(), [CLAIRE])
    assert import_progress(deps, "file") == ImportProgress()


def test_passwords_are_hashed_before_the_transaction(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> None:
    open_transactions: list[bool] = []
    real_hash = deps.hasher.hash

    def hash_and_look(password: str) -> str:
        open_transactions.append(deps.database.in_use > 0)
        return real_hash(password)

    monkeypatch.setattr(deps.hasher, "hash", hash_and_look)
    import_batch(deps, OPERATOR, "file", ImportProgress(), [CLAIRE, ANNE])
    assert open_transactions == [False, False]
