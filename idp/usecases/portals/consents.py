"""Agreeing, or not, that a client learns what it asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.portals.authorization_details import Details, details_text
from idp.domain.portals.scopes import scope_text
from idp.domain.sign_in.journey import Act
from idp.domain.sign_in.sessions import LiveSession
from idp.domain.sign_in.transactions import OpenTransaction
from idp.store.portals.connections import revoke_authorizations
from idp.store.portals.consents import add_consent, forget_consent
from idp.store.sign_in.transactions import record_done
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit


def give_consent(
    deps: Deps,
    actor: Actor,
    transaction: OpenTransaction,
    session: LiveSession,
    scopes: Sequence[str],
    details: Details = (),
) -> None:
    """This person agrees to these, now and from now on. Nothing happens in a transaction that has ended."""
    now = deps.clock.now()
    with deps.transaction() as connection:
        if record_done(connection, transaction.id, Act.CONSENT, now, session.id) is not None:
            add_consent(connection, session.account_id, transaction.client_id, scopes, now, details)
            record = _record(AuditEvent.CONSENT_GIVEN, transaction, session, scopes, details)
            write_audit(connection, deps, _person(actor, session), record)


def refuse_consent(
    deps: Deps,
    actor: Actor,
    transaction: OpenTransaction,
    session: LiveSession,
    scopes: Sequence[str],
    details: Details = (),
) -> None:
    """This person does not agree: the portal gets access_denied. What was agreed before stays agreed."""
    with deps.transaction() as connection:
        if record_done(connection, transaction.id, Act.CANCEL, deps.clock.now(), session.id) is not None:
            record = _record(AuditEvent.CONSENT_REFUSED, transaction, session, scopes, details)
            write_audit(connection, deps, _person(actor, session), record)


def withdraw_consent(deps: Deps, actor: Actor, session: LiveSession, *, client_id: str) -> bool:
    """This person agrees to nothing at this portal any more, and all that it was given for them ends with it: a code
    on its way too. False when they had not agreed.
    """
    with deps.transaction() as connection:
        if not forget_consent(connection, session.account_id, client_id):
            return False
        ended = revoke_authorizations(connection, session.account_id, client_id, deps.clock.now())
        record = AuditRecord(AuditEvent.CONSENT_WITHDRAWN, session.subject, client_id, {"authorizations": ended})
        write_audit(connection, deps, actor, record)
    return True


def _person(actor: Actor, session: LiveSession) -> Actor:
    return replace(actor, role=ActorRole.PERSON, name=session.subject)


def _record(
    event: AuditEvent, transaction: OpenTransaction, session: LiveSession, scopes: Sequence[str], details: Details
) -> AuditRecord:
    facts: dict[str, str | int] = {"scope": scope_text(scopes)}
    if details:
        facts["authorization_details"] = details_text(details)
    return AuditRecord(event, session.subject, transaction.client_id, facts)
