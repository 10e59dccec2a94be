"""Signing out of everything: the session ends, and each portal it reached is told.

One first attempt for each portal, in parallel, right after the commit; logout_deliveries.py owns those that follow.
"""

from __future__ import annotations

from collections.abc import Sequence

from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.sign_in.sessions import LiveSession
from idp.store.database import Connected
from idp.store.people.accounts import find_by_subject
from idp.store.sign_in.sessions import end_session, end_sessions
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit
from idp.usecases.portals.logout_deliveries import PortalAnswer, note_portals, tell, tell_unawaited


def sign_out(deps: Deps, actor: Actor, session: LiveSession, *, client_id: str = "") -> tuple[PortalAnswer, ...]:
    """End this browser's session and tell every portal it reached; their answers within two seconds.

    `client_id` is the portal that asked for it, or empty: the person did.
    """
    record = AuditRecord(AuditEvent.SIGNED_OUT, subject=session.subject, client_id=client_id)
    with deps.transaction() as connection:
        if not end_session(connection, session.id, session.account_id, deps.clock.now()):
            return ()
        telling = note_portals(connection, deps, session.subject, [session.id])
        write_audit(connection, deps, actor, record)
    return tell(deps, actor, telling)


def end_chosen_sessions(deps: Deps, actor: Actor, session: LiveSession, *, session_ids: Sequence[str]) -> int:
    """End these sessions of `session`'s account, as its person asked; how many there were. Its own ones only."""
    now = deps.clock.now()
    with deps.transaction() as connection:
        ended = [one for one in session_ids if end_session(connection, one, session.account_id, now)]
        telling = note_portals(connection, deps, session.subject, ended)
        _trace_ends(connection, deps, actor, session.subject, ended)
    tell(deps, actor, telling)
    return len(ended)


def end_other_sessions(deps: Deps, actor: Actor, session: LiveSession) -> int:
    """End every session of this account but this one; how many there were."""
    with deps.transaction() as connection:
        ended = end_sessions(connection, session.account_id, deps.clock.now(), except_id=session.id)
        telling = note_portals(connection, deps, session.subject, ended)
        _trace_ends(connection, deps, actor, session.subject, ended)
    tell(deps, actor, telling)
    return len(ended)


def end_outlived_sessions(deps: Deps, actor: Actor, subject: str) -> int:
    """End the sessions that began before the account's `valid_from`, and tell their portals; how many there were.

    They were dead already, since every read joins the account; what a job adds is that the portals hear of it.
    """
    with deps.transaction() as connection:
        found = find_by_subject(connection, subject)
        if found is None:
            return 0
        account = found.account
        ended = end_sessions(connection, account.id, deps.clock.now(), begun_before=account.valid_from)
        telling = note_portals(connection, deps, subject, ended)
        _trace_ends(connection, deps, actor, subject, ended)
    tell(deps, actor, telling)
    return len(ended)


def tell_portals_of_replaced(deps: Deps, actor: Actor, subject: str, session_id: str) -> None:
    """Tell the portals of a session that somebody else's sign-in in the same browser has ended; nobody waits."""
    with deps.transaction() as connection:
        telling = note_portals(connection, deps, subject, [session_id])
    tell_unawaited(deps, actor, telling)


def _trace_ends(connection: Connected, deps: Deps, actor: Actor, subject: str, session_ids: Sequence[str]) -> None:
    for session_id in session_ids:
        record = AuditRecord(AuditEvent.SESSION_ENDED, subject=subject, facts={"session": session_id})
        write_audit(connection, deps, actor, record)
