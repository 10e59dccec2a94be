"""The steps of making an account, shared by the single account and the file of many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from idp.domain.people.new_accounts import CheckedAccount, NewAccount, check_new_account
from idp.domain.people.password_context import PasswordContext
from idp.domain.people.password_hashes import cost_of
from idp.domain.people.passwords import assess
from idp.domain.people.problems import FieldProblem
from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.people.accounts import delete_person, find_by_subject, insert_account, insert_person
from idp.store.people.legal_units import ensure_establishment, find_establishment
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit


@dataclass(frozen=True, slots=True)
class Created:
    """The account is there; its `subject` never changes."""

    subject: str


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """Another account has this canonical triplet. Not told to anyone but the SIRET's own administrators."""


@dataclass(frozen=True, slots=True)
class NotAccepted:
    """Nothing was made; each wrong field with its reason."""

    problems: tuple[FieldProblem, ...]


def check_account(connection: Connected, deps: Deps, new: NewAccount) -> CheckedAccount | tuple[FieldProblem, ...]:
    """The account's parts, or all that is wrong with them and with the password. Reads the registry only."""
    checked = check_new_account(new, lambda siret: find_establishment(connection, siret), deps.people_rules.test_sirens)
    problems = checked if isinstance(checked, tuple) else ()
    problems += _password_problems(deps, new)
    return problems or checked


def _password_problems(deps: Deps, new: NewAccount) -> tuple[FieldProblem, ...]:
    """What the deployment's policy says against this password; nothing against having none."""
    if new.password is None:
        return ()
    context = PasswordContext(new.siret, (new.family_name, new.given_name), new.organisation, new.email)
    unmet = assess(new.password, deps.people_rules.password_policy, context).unmet
    return tuple(FieldProblem("password", f"password_{criterion}") for criterion in unmet)


def add_account(
    connection: Connected,
    deps: Deps,
    actor: Actor,
    new: NewAccount,
    checked: CheckedAccount,
    password_hash: str | None,
    event: AuditEvent = AuditEvent.ACCOUNT_CREATED,
) -> Created | AlreadyThere | NotAccepted:
    """The rows of a checked account, and the trace."""
    now = deps.clock.now()
    known = find_by_subject(connection, new.same_person_as) if new.same_person_as else None
    if new.same_person_as and known is None:
        return NotAccepted((FieldProblem("same_person_as", "unknown_subject"),))
    ensure_establishment(connection, checked.siret, new.organisation)
    person_id = known.account.person_id if known else new.person_id or deps.random.token(16)
    is_new_person = insert_person(connection, person_id, now)
    subject = deps.random.token(16)
    row = _row(new, checked, now) | _password_columns(password_hash, now) | {"subject": subject, "person_id": person_id}
    if not insert_account(connection, row):
        if is_new_person:
            delete_person(connection, person_id)
        return AlreadyThere()
    facts: dict[str, str | int] = {"siret": str(checked.siret), "role": str(new.role), "state": str(new.state)}
    write_audit(connection, deps, actor, AuditRecord(event, subject=subject, facts=facts))
    return Created(subject)


def _row(new: NewAccount, checked: CheckedAccount, now: Instant) -> dict[str, Any]:
    triplet = checked.triplet
    return {
        "siret": str(checked.siret),
        "family_name": checked.family_name,
        "given_name": checked.given_name,
        "family_name_key": triplet.family_name_key,
        "given_name_key": triplet.given_name_key,
        "email": checked.email,
        "email_verified_at": now if new.email_verified else None,
        "phone": checked.phone,
        "role": new.role,
        "state": new.state,
        "locale": new.locale,
        "valid_from": now,
        "created_at": now,
        "updated_at": now,
    }


def _password_columns(password_hash: str | None, now: Instant) -> dict[str, Any]:
    return {
        "password_hash": password_hash,
        "password_cost": cost_of(password_hash) if password_hash else None,
        "password_changed_at": now if password_hash else None,
    }
