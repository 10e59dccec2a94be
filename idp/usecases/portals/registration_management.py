"""A registered client reads, changes or removes its registration (RFC 7592), or an operator removes it.

Reading tells everything but the secret, of which we keep a digest. A change gives a new registration access token:
the old one is worth nothing from then on, so that one that leaked dies at the latest then.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from idp.adapters.machine_secrets import secret_digest
from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.digests import token_hash
from idp.domain.portals.client_metadata import MetadataError, MetadataProblem, Terms
from idp.domain.portals.client_registration import ClientInformation, NotInvited
from idp.domain.portals.clients import Client
from idp.domain.portals.registered_clients import may_be_registered
from idp.domain.portals.registry_content import client_content, client_from
from idp.store.portals.client_logos import forget_logo
from idp.store.portals.registrations import Registration as Registration  # operators list them
from idp.store.portals.registrations import (
    delete_registration,
    find_registration,
    list_registrations,
    replace_registration,
)
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit
from idp.usecases.portals.client_proposals import Proposal, propose
from idp.usecases.portals.client_secrets import keep_secret, seal_secret
from idp.usecases.portals.clients import find_client
from idp.usecases.portals.registration import ask_for_logo
from idp.usecases.portals.registries import end_tokens
from idp.usecases.portals.software_statements import MEMBER


def read_registration(deps: Deps, actor: Actor, client_id: str, token: str) -> ClientInformation | NotInvited:
    """What is registered, to who has its token."""
    found = _find(deps, client_id, token)
    if found is None:
        return _refused(deps, actor, client_id)
    return ClientInformation(client_id, found.created_at, found.registered, token)


def change_registration(
    deps: Deps, actor: Actor, client_id: str, token: str, sent: Mapping[str, Any]
) -> ClientInformation | MetadataProblem | NotInvited:
    """Put this metadata in the place of all there was; what is left out has its default again (section 2.2)."""
    found = _find(deps, client_id, token)
    if found is None:
        return _refused(deps, actor, client_id)
    was = find_client(deps, client_id) or client_from(found.content)
    if problem := _identity_problem(was, sent):
        return MetadataProblem(MetadataError.INVALID_CLIENT_METADATA, problem)
    terms = Terms(client_id, was.profile, was.require_pkce is not False)
    proposal = propose(deps, {**sent, **(found.statement or {})}, terms, was.secrets)
    if isinstance(proposal, MetadataProblem):
        return proposal
    changed = _write(deps, actor, found, was, proposal)
    return changed or _refused(deps, actor, client_id)  # None: another change was quicker


def remove_own_registration(deps: Deps, actor: Actor, client_id: str, token: str) -> NotInvited | None:
    """The client leaves: everything it was given ends with it (section 2.3)."""
    if may_be_registered(client_id) and _remove(deps, actor, client_id, token_hash(token), "removed by itself"):
        return None
    return _refused(deps, actor, client_id)


def remove_registration(deps: Deps, actor: Actor, client_id: str) -> bool:
    """An operator removes a registered client; False when there is no such one."""
    return _remove(deps, actor, client_id, None, "removed by an operator")


def registrations(deps: Deps) -> Sequence[Registration]:
    """Every client that registered itself, oldest first."""
    with deps.read() as connection:
        return list_registrations(connection)


def _find(deps: Deps, client_id: str, token: str) -> Registration | None:
    if not may_be_registered(client_id):
        return None
    with deps.read() as connection:
        found = find_registration(connection, client_id)
    return found if found and hmac.compare_digest(found.token_hash, token_hash(token)) else None


def _identity_problem(client: Client, sent: Mapping[str, Any]) -> str:
    """Section 2.2: client_id is repeated; a client_secret that is sent must be the one there is."""
    if sent.get("client_id") != client.client_id:
        return "client_id: send the client_id of this registration"
    secret = sent.get("client_secret")
    if secret is None:
        return ""
    digests = [item.digest for item in client.secrets]
    is_own = isinstance(secret, str) and any(hmac.compare_digest(secret_digest(secret), own) for own in digests)
    return "" if is_own else "client_secret: is not the secret of this client; leave it out"


def _write(deps: Deps, actor: Actor, found: Registration, was: Client, proposal: Proposal) -> ClientInformation | None:
    client, now, token = proposal.client, deps.clock.now(), deps.random.token(32)
    shown = {name: value for name, value in found.registered.items() if name == MEMBER}
    row = Registration(
        client_id=client.client_id,
        content=client_content(client),
        registered={**proposal.registered, **shown},
        token_hash=token_hash(token),
        invitation_id=found.invitation_id,
        statement=found.statement,
        created_at=found.created_at,
        updated_at=now,
    )
    sealed = seal_secret(deps, client)
    with deps.transaction() as connection:
        if not replace_registration(connection, row, found.token_hash, client.web_origins):
            return None
        keep_secret(connection, deps, client.client_id, sealed)
        if client.logo_uri != was.logo_uri:
            forget_logo(connection, client.client_id)
            ask_for_logo(connection, deps, client.client_id, client.logo_uri)
        record = AuditRecord(AuditEvent.CLIENT_REGISTRATION_CHANGED, client_id=client.client_id)
        write_audit(connection, deps, actor, record)
    return ClientInformation(client.client_id, row.created_at, row.registered, token, proposal.secret)


def _remove(deps: Deps, actor: Actor, client_id: str, presented: bytes | None, reason: str) -> bool:
    with deps.transaction() as connection:
        if not delete_registration(connection, client_id, presented):
            return False
        keep_secret(connection, deps, client_id, None)
        end_tokens(connection, deps, actor, [client_id], reason)
        record = AuditRecord(AuditEvent.CLIENT_REMOVED, client_id=client_id, facts={"reason": reason})
        write_audit(connection, deps, actor, record)
    return True


def _refused(deps: Deps, actor: Actor, client_id: str) -> NotInvited:
    claimed = client_id if may_be_registered(client_id) else ""
    record = AuditRecord(AuditEvent.CLIENT_REGISTRATION_REFUSED, client_id=claimed)
    with deps.transaction() as connection:
        write_audit(connection, deps, actor, record)
    return NotInvited()
