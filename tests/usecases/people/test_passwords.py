"""A changed password ends what was opened with the old one."""

from __future__ import annotations

from idp.adapters.clock import QuietClock
from idp.adapters.hasher import Place
from idp.domain.people.accounts import AccountState
from idp.domain.people.passwords import Criterion
from idp.store.people.accounts import find_by_subject
from idp.usecases.deps import Deps
from idp.usecases.people.lifecycle import change_state
from idp.usecases.people.passwords import (
    HashingBusy,
    NoSuchAccount,
    PasswordChange,
    PasswordChanged,
    PasswordRefused,
    change_password,
)
from tests.usecases.people.conftest import OPERATOR
from tests.usecases.people.trail import events, mails, waiting_jobs

NEW = "Nouveau42mot"


def accepts(deps: Deps, subject: str, password: str) -> bool:
    with deps.read() as connection:
        found = find_by_subject(connection, subject)
    place = deps.hasher.enter(True)
    assert found is not None
    assert isinstance(place, Place)
    with place:
        return place.verify(password, found.password_hash).accepted


def test_only_the_new_password_is_one(deps: Deps, claire: str) -> None:
    assert change_password(deps, OPERATOR, PasswordChange(claire, NEW)) == PasswordChanged()
    assert accepts(deps, claire, NEW)
    assert not accepts(deps, claire, "Mire2026demo")


def test_what_was_opened_before_is_dead(deps: Deps, claire: str, clock: QuietClock) -> None:
    change_password(deps, OPERATOR, PasswordChange(claire, NEW))
    with deps.read() as connection:
        found = find_by_subject(connection, claire)
    assert found is not None
    assert found.account.valid_from == clock.now()
    assert found.password_changed_at == clock.now()


def test_the_change_is_traced_told_to_the_owner_and_to_the_portals(deps: Deps, claire: str) -> None:
    change_password(deps, OPERATOR, PasswordChange(claire, NEW))
    assert events(deps) == ["account.created", "account.password_changed"]
    assert mails(deps) == [("password_changed", "claire@example.fr")]
    assert waiting_jobs(deps) == [("account.cut_off", {"subject": claire})]


def test_a_refused_password_changes_nothing(deps: Deps, claire: str) -> None:
    answer = change_password(deps, OPERATOR, PasswordChange(claire, "Moutin2026"))
    assert isinstance(answer, PasswordRefused)
    assert answer.assessment.unmet == (Criterion.NOT_ABOUT_YOU,)
    assert accepts(deps, claire, "Mire2026demo")
    assert events(deps) == ["account.created"]


def test_a_radiated_account_gets_no_password(deps: Deps, claire: str) -> None:
    change_state(deps, OPERATOR, claire, AccountState.RADIATED)
    assert change_password(deps, OPERATOR, PasswordChange(claire, NEW)) == NoSuchAccount()
    assert change_password(deps, OPERATOR, PasswordChange("nobody", NEW)) == NoSuchAccount()


def test_a_full_queue_changes_nothing(deps: Deps, claire: str) -> None:
    held = [deps.hasher.enter(True) for _ in range(16)]
    assert all(isinstance(place, Place) for place in held)
    assert change_password(deps, OPERATOR, PasswordChange(claire, NEW)) == HashingBusy(3)
    assert events(deps) == ["account.created"]
