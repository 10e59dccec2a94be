"""States follow one table, and shutting out is at once."""

from __future__ import annotations

from itertools import pairwise

import pytest
from sqlalchemy import update

from idp.adapters.clock import QuietClock
from idp.domain.people.accounts import Account, AccountState, may_become
from idp.store.people.accounts import accounts, find_by_subject
from idp.usecases.deps import Deps
from idp.usecases.people.lifecycle import StateChanged, StateKept, UnknownAccount, change_state
from tests.usecases.people.conftest import OPERATOR
from tests.usecases.people.trail import events, last_facts, waiting_jobs

S = AccountState


def account(deps: Deps, subject: str) -> Account:
    with deps.read() as connection:
        found = find_by_subject(connection, subject)
    assert found is not None
    return found.account


@pytest.mark.parametrize("state", [S.ACTIVE, S.CANDIDATE])
def test_active_people_and_candidates_sign_in(state: AccountState) -> None:
    assert state.may_sign_in


@pytest.mark.parametrize("state", [S.PENDING_EMAIL, S.SUSPENDED, S.RADIATED])
def test_nobody_else_does(state: AccountState) -> None:
    assert not state.may_sign_in


@pytest.mark.parametrize("life", [
    (S.PENDING_EMAIL, S.CANDIDATE, S.ACTIVE, S.SUSPENDED, S.ACTIVE, S.RADIATED),
    (S.PENDING_EMAIL, S.ACTIVE), (S.CANDIDATE, S.SUSPENDED, S.RADIATED),
])  # fmt: skip
def test_an_account_may_live_so(life: tuple[AccountState, ...]) -> None:
    assert all(may_become(before, after) for before, after in pairwise(life))


@pytest.mark.parametrize("wanted", list(S))
def test_nothing_follows_radiation(wanted: AccountState) -> None:
    assert not may_become(S.RADIATED, wanted)


@pytest.mark.parametrize("wanted", [S.SUSPENDED, S.RADIATED])
def test_shutting_out_kills_what_was_open_and_tells_the_portals(
    deps: Deps, claire: str, clock: QuietClock, wanted: AccountState
) -> None:
    assert change_state(deps, OPERATOR, claire, wanted) == StateChanged(S.ACTIVE)
    assert (account(deps, claire).state, account(deps, claire).valid_from) == (wanted, clock.now())
    assert waiting_jobs(deps) == [("account.cut_off", {"subject": claire})]
    assert last_facts(deps) == {"before": "active", "after": wanted}


def test_letting_in_again_revives_nothing(deps: Deps, claire: str, clock: QuietClock) -> None:
    change_state(deps, OPERATOR, claire, S.SUSPENDED)
    suspended_at = clock.now()
    clock.advance(1)
    assert change_state(deps, OPERATOR, claire, S.ACTIVE) == StateChanged(S.SUSPENDED)
    assert account(deps, claire).valid_from == suspended_at


def test_a_step_that_is_not_in_the_table_is_refused(deps: Deps, claire: str) -> None:
    assert change_state(deps, OPERATOR, claire, S.PENDING_EMAIL) == StateKept(S.ACTIVE)
    assert events(deps) == ["account.created"]


def test_an_unknown_subject_is_told(deps: Deps) -> None:
    assert change_state(deps, OPERATOR, "nobody", S.SUSPENDED) == UnknownAccount()


def test_a_state_that_changed_meanwhile_is_seen(deps: Deps, claire: str) -> None:
    with deps.transaction() as connection:
        connection.execute(update(accounts).values(state=S.RADIATED))
    assert change_state(deps, OPERATOR, claire, S.SUSPENDED) == StateKept(S.RADIATED)
