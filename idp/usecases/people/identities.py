"""Changing what an account is found by; what it was found by before stays in its history."""

from __future__ import annotations

from dataclasses import dataclass

from idp.domain.people.identities import IdentityChange
from idp.domain.people.new_accounts import CheckedAccount, NewAccount, RegistryEntry, check_new_account
from idp.domain.people.problems import FieldProblem
from idp.domain.people.siret import Siret
from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.store.database import Connected
from idp.store.people.accounts import AccountRow, find_by_subject, find_by_triplet, insert_history, set_identity
from idp.store.people.legal_units import ensure_establishment, find_establishment
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit

TAKEN = FieldProblem("triplet", "triplet_taken")


@dataclass(frozen=True, slots=True)
class IdentityChanged:
    """The account is found by its new triplet only."""


@dataclass(frozen=True, slots=True)
class IdentityKept:
    """Nothing changed; each wrong field with its reason."""

    problems: tuple[FieldProblem, ...]


def change_identity(deps: Deps, actor: Actor, subject: str, change: IdentityChange) -> IdentityChanged | IdentityKept:
    """Give the account another SIRET or other names. Two accounts never merge: a taken triplet is refused."""
    with deps.transaction() as connection:
        found = find_by_subject(connection, subject)
        if found is None:
            return IdentityKept((FieldProblem("subject", "unknown_subject"),))
        checked = _check(connection, deps, found, change)
        if isinstance(checked, tuple):
            return IdentityKept(checked)
        holder = find_by_triplet(connection, checked.triplet)
        if holder is not None and holder.account.id != found.account.id:
            return IdentityKept((TAKEN,))
        return _write(connection, deps, actor, found, checked)


def _check(
    connection: Connected, deps: Deps, found: AccountRow, change: IdentityChange
) -> CheckedAccount | tuple[FieldProblem, ...]:
    account = found.account
    wanted = NewAccount(
        siret=change.siret if change.siret is not None else account.siret,
        family_name=change.family_name if change.family_name is not None else account.family_name,
        given_name=change.given_name if change.given_name is not None else account.given_name,
        email=account.email,
        role=account.role,
    )

    def find_entry(siret: Siret) -> RegistryEntry | None:
        # Its own establishment was taken once, and may have closed since: a name can still change there.
        own = siret == account.siret
        return RegistryEntry(found.establishment_label, False) if own else find_establishment(connection, siret)

    return check_new_account(wanted, find_entry, deps.people_rules.test_sirens)


def _write(
    connection: Connected, deps: Deps, actor: Actor, found: AccountRow, checked: CheckedAccount
) -> IdentityChanged | IdentityKept:
    account, now = found.account, deps.clock.now()
    ensure_establishment(connection, checked.siret, found.establishment_label)
    if not set_identity(connection, account.id, checked.triplet, checked.family_name, checked.given_name, now):
        return IdentityKept((TAKEN,))
    insert_history(connection, account, until=now, changed_by=actor.name)
    facts: dict[str, str | int] = {"siret_before": account.siret, "siret": checked.siret}
    write_audit(connection, deps, actor, AuditRecord(AuditEvent.IDENTITY_CHANGED, account.subject, facts=facts))
    return IdentityChanged()
