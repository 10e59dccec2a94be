"""Signing out of everything: the session ends, and each portal it reached is told.

OpenID Connect Back-Channel Logout 1.0. One first attempt for each portal, in parallel, right after the commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from idp.adapters.outbound import OutboundAnswer
from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.instants import DAY, SECOND, after
from idp.domain.portals.clients import GATEWAY_CLIENT_ID, Client
from idp.domain.portals.logout import LOGOUT_TOKEN_TYPE, LogoutNotice, LogoutOutcome, logout_token_claims
from idp.domain.portals.subjects import client_subject
from idp.domain.sign_in.sessions import LiveSession
from idp.store.database import Connected
from idp.store.people.accounts import find_by_subject
from idp.store.portals.logout import insert_deliveries, reached_portals, record_outcome
from idp.store.sign_in.sessions import end_session, end_sessions
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit
from idp.usecases.portals.clients import find_client_within

PATIENCE = 2 * SECOND
"""How long a browser waits for the portals' answers."""
DELIVERY_KEPT = 30 * DAY


@dataclass(frozen=True, slots=True)
class PortalAnswer:
    """What one portal answered, under the name that a person knows it by."""

    client_id: str
    name: str
    outcome: LogoutOutcome


def sign_out(deps: Deps, actor: Actor, session: LiveSession, *, client_id: str = "") -> tuple[PortalAnswer, ...]:
    """End this browser's session and tell every portal it reached; their answers within two seconds.

    `client_id` is the portal that asked for it, or empty: the person did.
    """
    record = AuditRecord(AuditEvent.SIGNED_OUT, subject=session.subject, client_id=client_id)
    with deps.transaction() as connection:
        if not end_session(connection, session.id, session.account_id, deps.clock.now()):
            return ()
        notices = _note_portals(connection, deps, session.subject, [session.id])
        write_audit(connection, deps, actor, record)
    return _tell(deps, actor, notices)


def end_one_session(deps: Deps, actor: Actor, session: LiveSession, *, session_id: str) -> bool:
    """End one of the sessions of `session`'s account, as its person asked; False when there is no such one."""
    record = AuditRecord(AuditEvent.SESSION_ENDED, subject=session.subject, facts={"session": session_id})
    with deps.transaction() as connection:
        if not end_session(connection, session_id, session.account_id, deps.clock.now()):
            return False
        notices = _note_portals(connection, deps, session.subject, [session_id])
        write_audit(connection, deps, actor, record)
    _tell(deps, actor, notices)
    return True


def end_other_sessions(deps: Deps, actor: Actor, session: LiveSession) -> int:
    """End every session of this account but this one; how many there were."""
    with deps.transaction() as connection:
        ended = end_sessions(connection, session.account_id, deps.clock.now(), except_id=session.id)
        notices = _note_portals(connection, deps, session.subject, ended)
        for session_id in ended:
            record = AuditRecord(AuditEvent.SESSION_ENDED, subject=session.subject, facts={"session": session_id})
            write_audit(connection, deps, actor, record)
    _tell(deps, actor, notices)
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
        notices = _note_portals(connection, deps, subject, ended)
        for session_id in ended:
            record = AuditRecord(AuditEvent.SESSION_ENDED, subject=subject, facts={"session": session_id})
            write_audit(connection, deps, actor, record)
    _tell(deps, actor, notices)
    return len(ended)


def tell_portals_of_ended(deps: Deps, actor: Actor, subject: str, session_id: str) -> None:
    """Tell the portals of a session that somebody else's sign-in in the same browser has ended."""
    with deps.transaction() as connection:
        notices = _note_portals(connection, deps, subject, [session_id])
    _tell(deps, actor, notices)


def _note_portals(
    connection: Connected, deps: Deps, subject: str, session_ids: Sequence[str]
) -> tuple[LogoutNotice, ...]:
    """The portals that are owed a logout token, remembered in the open transaction. Our own pages are none."""
    salt, now = deps.pairwise_salt(), deps.clock.now()
    reached = [item for item in reached_portals(connection, session_ids) if item.client_id != GATEWAY_CLIENT_ID]
    notices = tuple(
        LogoutNotice(deps.random.token(16), client, client_subject(client, subject, salt), portal.sid)
        for portal in reached
        if (client := find_client_within(connection, deps, portal.client_id)) is not None
    )
    told = [notice for notice in notices if notice.client.backchannel_logout_uri]
    insert_deliveries(connection, told, now=now, expires_at=after(now, DELIVERY_KEPT))
    return notices


def _tell(deps: Deps, actor: Actor, notices: Sequence[LogoutNotice]) -> tuple[PortalAnswer, ...]:
    """Every portal's answer; one that has none in time is late, and its answer is still recorded when it comes."""
    errands = [partial(_deliver, deps, actor, notice, _logout_token(deps, notice)) for notice in notices]
    outcomes = deps.couriers.carry(errands, within=PATIENCE)
    return tuple(
        PortalAnswer(notice.client.client_id, notice.client.client_name, outcome or LogoutOutcome.LATE)
        for notice, outcome in zip(notices, outcomes, strict=True)
    )


def _logout_token(deps: Deps, notice: LogoutNotice) -> str:
    """Signed as the client's ID tokens are (Back-Channel Logout section 2.6)."""
    claims = logout_token_claims(notice, issuer=deps.issuer, now=deps.clock.now())
    return deps.signer.sign(claims, alg=notice.client.id_token_signed_response_alg, typ=LOGOUT_TOKEN_TYPE)


def _deliver(deps: Deps, actor: Actor, notice: LogoutNotice, token: str) -> LogoutOutcome:
    client = notice.client
    if not client.backchannel_logout_uri:
        return LogoutOutcome.NOT_TOLD
    outcome = _post(deps, client, token)
    confirmed = outcome is LogoutOutcome.CONFIRMED
    event = AuditEvent.LOGOUT_DELIVERED if confirmed else AuditEvent.LOGOUT_NOT_DELIVERED
    with deps.transaction() as connection:
        record_outcome(connection, notice.id, outcome, deps.clock.now())
        facts: dict[str, str | int] = {"outcome": outcome}
        write_audit(connection, deps, actor, AuditRecord(event, client_id=client.client_id, facts=facts))
    return outcome


def _post(deps: Deps, client: Client, token: str) -> LogoutOutcome:
    """200 or 204 confirms (section 2.8); a portal may answer anything else."""
    answer = deps.outbound.post_form(client.backchannel_logout_uri, {"logout_token": token})
    if not isinstance(answer, OutboundAnswer):
        return LogoutOutcome.UNREACHABLE
    return LogoutOutcome.CONFIRMED if answer.status in (200, 204) else LogoutOutcome.REFUSED
