"""What a browser asks for by itself (FedCM): the account that is signed in, a code for a page, to forget a client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.portals.clients import Client
from idp.domain.portals.fedcm import account, account_name, offers
from idp.domain.portals.requests import AuthorizationRequest
from idp.domain.portals.subjects import client_subject
from idp.domain.sign_in.journey import WHEN_SILENT, Answer, Ask, Done, Refuse
from idp.domain.sign_in.sessions import LiveSession
from idp.store.portals.approvals import approved_clients
from idp.store.portals.connections import revoke_authorizations
from idp.store.portals.consents import forget_consent
from idp.store.portals.standings import Standing, find_standing
from idp.store.sign_in.sessions import find_live_session
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit
from idp.usecases.portals.authorizations import decide


def offered_account(deps: Deps, session_digest: bytes) -> Mapping[str, Any] | None:
    """The account of that session, as browsers show it; None when nobody is signed in: one read."""
    if not session_digest:
        return None
    with deps.read() as connection:
        session = find_live_session(connection, session_digest, deps.clock.now(), deps.lifetimes)
        known = approved_clients(connection, session.account_id) if session else frozenset()
    if session is None:
        return None
    approved = [client_id for client_id in known if offers(deps.registry().find(client_id))]
    return account(session, _name(deps, session), approved)


def decide_for_browser(
    deps: Deps, asked: AuthorizationRequest, session_digest: bytes, account_id: str
) -> Answer | Refuse | None:
    """What the dispatcher's own table decides for the account that was chosen: one read. None: the person must be
    asked for consent, which a page of ours can do in between; for anything else the portal's page has its form.
    """
    standing = _standing(deps, session_digest, asked.client)
    if standing and _name(deps, standing.session) != account_id:
        return Refuse.ACCESS_DENIED
    match decide(deps, asked, Done(), standing):
        case Ask.CONSENT:
            return None
        case Ask() as step:
            return WHEN_SILENT[step]
        case answer:
            return answer


def forget_client(deps: Deps, actor: Actor, client: Client, session_digest: bytes, hint: str) -> str:
    """This person is signed in at this client no more, and agreed to nothing there: all that it was given ends.

    `hint` is the account's name, or who this client knows. Returns the account's name, or "" when it is not theirs.
    """
    standing = _standing(deps, session_digest, client)
    if standing is None:
        return ""
    session, name = standing.session, _name(deps, standing.session)
    if hint not in (name, client_subject(client, session.subject, deps.pairwise_salt())):
        return ""
    who = replace(actor, role=ActorRole.PERSON, name=session.subject)
    with deps.transaction() as connection:
        agreed = forget_consent(connection, session.account_id, client.client_id)
        ended = revoke_authorizations(connection, session.account_id, client.client_id, deps.clock.now())
        if agreed or ended:
            facts: dict[str, str | int] = {"authorizations": ended}
            record = AuditRecord(AuditEvent.CONSENT_WITHDRAWN, session.subject, client.client_id, facts)
            write_audit(connection, deps, who, record)
    return name


def _standing(deps: Deps, session_digest: bytes, client: Client) -> Standing | None:
    if not session_digest:
        return None
    with deps.read() as connection:
        return find_standing(connection, session_digest, client.client_id, deps.clock.now(), deps.lifetimes)


def _name(deps: Deps, session: LiveSession) -> str:
    return account_name(session.subject, deps.pairwise_salt())
