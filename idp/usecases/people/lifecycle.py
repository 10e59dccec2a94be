"""The states of an account: what leaves them shut out is dead from that instant."""

from __future__ import annotations

from dataclasses import dataclass

from idp.domain.people.accounts import AccountState, may_become
from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.store.people.accounts import find_by_subject, set_state
from idp.usecases.deps import Deps
from idp.usecases.people.steps import follow_cut_off
from idp.usecases.platform.audit import write_audit


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The account passed from `before` to the state asked for."""

    before: AccountState


@dataclass(frozen=True, slots=True)
class StateKept:
    """From `state` an account never becomes what was asked."""

    state: AccountState


@dataclass(frozen=True, slots=True)
class UnknownAccount:
    """No account has this subject."""


def change_state(
    deps: Deps, actor: Actor, subject: str, wanted: AccountState
) -> StateChanged | StateKept | UnknownAccount:
    """Pass the account to another state. A suspension or radiation moves `valid_from`: what it had open is dead."""
    with deps.transaction() as connection:
        found = find_by_subject(connection, subject)
        if found is None:
            return UnknownAccount()
        account = found.account
        cuts_off = not wanted.may_sign_in
        if not may_become(account.state, wanted) or not set_state(
            connection, account.id, account.state, wanted, deps.clock.now(), cuts_off=cuts_off
        ):
            return StateKept(account.state)
        if cuts_off:
            follow_cut_off(connection, deps, account)
        facts: dict[str, str | int] = {"before": account.state, "after": wanted}
        write_audit(connection, deps, actor, AuditRecord(AuditEvent.ACCOUNT_STATE_CHANGED, subject, facts=facts))
        return StateChanged(account.state)
