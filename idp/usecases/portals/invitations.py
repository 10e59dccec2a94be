"""Inviting: without an initial access token nobody registers a client (RFC 7591 section 1.2)."""

from __future__ import annotations

from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.digests import token_hash
from idp.domain.platform.instants import after
from idp.store.portals.invitations import insert_invitation
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit


def invite_clients(deps: Deps, actor: Actor, *, uses: int, profile: str, require_pkce: bool, life: int) -> str:
    """The initial access token, told once: we keep its hash. `life` is in milliseconds."""
    token, now = deps.random.token(32), deps.clock.now()
    row = {
        "id": deps.random.token(16),
        "token_hash": token_hash(token),
        "profile": profile,
        "require_pkce": require_pkce,
        "uses": uses,
        "uses_left": uses,
        "created_at": now,
        "expires_at": after(now, life),
    }
    facts: dict[str, str | int] = {"invitation": str(row["id"]), "uses": uses, "profile": profile}
    with deps.transaction() as connection:
        insert_invitation(connection, row)
        write_audit(connection, deps, actor, AuditRecord(AuditEvent.CLIENT_INVITED, facts=facts))
    return token
