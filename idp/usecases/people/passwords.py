"""Changing a password: everything that was opened with the old one dies with it."""

from __future__ import annotations

from dataclasses import dataclass

from idp.adapters.hasher import Full
from idp.domain.people.accounts import AccountState
from idp.domain.people.password_context import PasswordContext
from idp.domain.people.passwords import Assessment, assess
from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.messages import Message
from idp.store.people.accounts import AccountRow, find_by_subject, set_password
from idp.usecases.deps import Deps
from idp.usecases.people.steps import follow_cut_off
from idp.usecases.platform.audit import write_audit
from idp.usecases.platform.notifications import notify


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """Whose password becomes which. The mail about it is dressed in `theme`."""

    subject: str
    password: str
    theme: str = "default"


@dataclass(frozen=True, slots=True)
class PasswordChanged:
    """Only the new password is one; sessions, devices and tokens from before are dead."""


@dataclass(frozen=True, slots=True)
class PasswordRefused:
    """The policy refuses it; nothing changed."""

    assessment: Assessment


@dataclass(frozen=True, slots=True)
class NoSuchAccount:
    """No account has this subject, or it was radiated."""


@dataclass(frozen=True, slots=True)
class HashingBusy:
    """No place in the queue of hashes now."""

    retry_after_seconds: int


def change_password(
    deps: Deps, actor: Actor, change: PasswordChange
) -> PasswordChanged | PasswordRefused | NoSuchAccount | HashingBusy:
    """Give the account this password, whatever it had before."""
    with deps.read() as connection:
        found = find_by_subject(connection, change.subject)
    if found is None or found.account.state is AccountState.RADIATED:
        return NoSuchAccount()
    assessment = assess(change.password, deps.people_rules.password_policy, context_of_row(found))
    if not assessment.accepted:
        return PasswordRefused(assessment)
    place = deps.hasher.enter(favoured=True)
    if isinstance(place, Full):
        return HashingBusy(place.retry_after_seconds)
    with place:
        new_hash = place.hash(change.password)
    return _write(deps, actor, change, found, new_hash)


def context_of_row(found: AccountRow) -> PasswordContext:
    """Whose password it is."""
    account = found.account
    names = (account.family_name, account.given_name)
    return PasswordContext(account.siret, names, found.establishment_label, account.email)


def _write(
    deps: Deps, actor: Actor, change: PasswordChange, found: AccountRow, new_hash: str
) -> PasswordChanged | NoSuchAccount:
    account = found.account
    facts: dict[str, str | int] = {"given_name": account.given_name, "family_name": account.family_name}
    with deps.transaction() as connection:
        if not set_password(connection, account.id, new_hash, deps.clock.now()):
            return NoSuchAccount()
        follow_cut_off(connection, deps, account)
        write_audit(connection, deps, actor, AuditRecord(AuditEvent.PASSWORD_CHANGED, subject=account.subject))
        notify(
            connection,
            deps,
            Message.PASSWORD_CHANGED,
            recipient=account.email,
            locale=account.locale,
            theme=change.theme,
            facts=facts,
        )
    return PasswordChanged()
