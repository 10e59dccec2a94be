"""A client registers itself (RFC 7591), as often as an invitation says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.digests import token_hash
from idp.domain.platform.jobs import JobKind
from idp.domain.portals.client_metadata import MetadataProblem, Terms
from idp.domain.portals.client_registration import ClientInformation, NotInvited
from idp.domain.portals.registered_clients import registered_name
from idp.domain.portals.registry_content import client_content
from idp.store.database import Connected
from idp.store.portals.invitations import Invitation, find_invitation, use_invitation
from idp.store.portals.registrations import Registration, insert_registration
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit
from idp.usecases.platform.jobs import enqueue
from idp.usecases.portals.client_proposals import Proposal, propose
from idp.usecases.portals.client_secrets import keep_secret, seal_secret
from idp.usecases.portals.software_statements import Statement, read_statement


def register_client(
    deps: Deps, actor: Actor, token: str, sent: Mapping[str, Any]
) -> ClientInformation | MetadataProblem | NotInvited:
    """The new client; the invitation loses one use only when everything else is right."""
    with deps.read() as connection:
        invitation = find_invitation(connection, token_hash(token), deps.clock.now())
    if invitation is None:
        return _refused(deps, actor)
    statement = read_statement(deps, sent)
    if isinstance(statement, MetadataProblem):
        return statement
    terms = Terms(registered_name(deps.random.token(16)), invitation.profile, invitation.require_pkce)
    proposal = propose(deps, statement.over(sent), terms)
    if isinstance(proposal, MetadataProblem):
        return proposal
    return _write(deps, actor, invitation, proposal, statement)


def _write(
    deps: Deps, actor: Actor, invitation: Invitation, proposal: Proposal, statement: Statement
) -> ClientInformation | NotInvited:
    client, now, token = proposal.client, deps.clock.now(), deps.random.token(32)
    row = Registration(
        client_id=client.client_id,
        content=client_content(client),
        registered={**proposal.registered, **statement.shown},
        token_hash=token_hash(token),
        invitation_id=invitation.id,
        statement=statement.claims or None,
        created_at=now,
        updated_at=now,
    )
    facts: dict[str, str | int] = {"invitation": invitation.id, "publisher": statement.publisher}
    sealed = seal_secret(deps, client)
    with deps.transaction() as connection:
        taken = use_invitation(connection, invitation.id, now)
        if taken:
            insert_registration(connection, row, client.web_origins)
            keep_secret(connection, deps, client.client_id, sealed)
            ask_for_logo(connection, deps, client.client_id, client.logo_uri)
            record = AuditRecord(AuditEvent.CLIENT_REGISTERED, client_id=client.client_id, facts=facts)
            write_audit(connection, deps, actor, record)
    if not taken:  # another request was quicker
        return _refused(deps, actor)
    return ClientInformation(client.client_id, now, row.registered, token, proposal.secret)


def ask_for_logo(connection: Connected, deps: Deps, client_id: str, logo_uri: str) -> None:
    """Leave the fetching of a logo to a job: its host may be slow or away, and registering does not wait for it."""
    if logo_uri:
        enqueue(connection, deps, JobKind.FETCH_LOGO, {"client_id": client_id})


def _refused(deps: Deps, actor: Actor) -> NotInvited:
    with deps.transaction() as connection:
        write_audit(connection, deps, actor, AuditRecord(AuditEvent.CLIENT_REGISTRATION_REFUSED))
    return NotInvited()
