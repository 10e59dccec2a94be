"""Making an account."""

from __future__ import annotations

from dataclasses import dataclass

from idp.domain.people.new_accounts import CheckedAccount, NewAccount, check_new_account
from idp.domain.people.password_context import PasswordContext
from idp.domain.people.password_hashes import cost_of
from idp.domain.people.passwords import assess
from idp.domain.people.problems import FieldProblem
from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
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


def create_account(deps: Deps, actor: Actor, new: NewAccount) -> Created | AlreadyThere | NotAccepted:
    """Make the account, and its establishment when the registry does not know it yet."""
    checked = check_account(deps, new)
    if isinstance(checked, tuple):
        return NotAccepted(checked)
    password_hash = deps.hasher.hash(new.password) if new.password is not None else None
    with deps.transaction() as connection:
        return add_account(connection, deps, actor, new, checked, password_hash)


def check_account(deps: Deps, new: NewAccount) -> CheckedAccount | tuple[FieldProblem, ...]:
    """A step without a transaction: the account's parts, or all that is wrong with them and with the password."""
    with deps.database.read() as connection:
        checked = check_new_account(
            new, lambda siret: find_establishment(connection, siret), deps.people_rules.test_sirens
        )
    problems = checked if isinstance(checked, tuple) else ()
    problems += password_problems(deps, new.password, context_of(new))
    return problems or checked


def context_of(new: NewAccount) -> PasswordContext:
    """Whose password it will be."""
    return PasswordContext(
        siret=new.siret, names=(new.family_name, new.given_name), organisation=new.organisation, email=new.email
    )


def password_problems(deps: Deps, password: str | None, context: PasswordContext) -> tuple[FieldProblem, ...]:
    """What the deployment's policy says against this password; nothing against having none."""
    if password is None:
        return ()
    unmet = assess(password, deps.people_rules.password_policy, context).unmet
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
    """A step in the open transaction: the rows of a checked account, and the trace."""
    now = deps.clock.now()
    ensure_establishment(connection, checked.siret, new.organisation)
    person_id = deps.random.token(16)
    known = find_by_subject(connection, new.same_person_as) if new.same_person_as else None
    if new.same_person_as and known is None:
        return NotAccepted((FieldProblem("same_person_as", "unknown_subject"),))
    if known is None:
        insert_person(connection, person_id, now)
    subject = deps.random.token(16)
    triplet = checked.triplet
    row = {
        "subject": subject,
        "person_id": known.account.person_id if known else person_id,
        "siret": str(checked.siret),
        "family_name": checked.family_name,
        "given_name": checked.given_name,
        "family_name_key": triplet.family_name_key,
        "given_name_key": triplet.given_name_key,
        "email": checked.email,
        "email_verified_at": now if new.email_verified else None,
        "phone": new.phone,
        "role": new.role,
        "state": new.state,
        "locale": new.locale,
        "password_hash": password_hash,
        "password_cost": cost_of(password_hash) if password_hash else None,
        "password_changed_at": now if password_hash else None,
        "valid_from": now,
        "created_at": now,
        "updated_at": now,
    }
    if insert_account(connection, row) is None:
        if known is None:
            delete_person(connection, person_id)
        return AlreadyThere()
    facts: dict[str, str | int] = {"siret": str(checked.siret), "role": str(new.role), "state": str(new.state)}
    write_audit(connection, deps, actor, AuditRecord(event, subject=subject, facts=facts))
    return Created(subject)
