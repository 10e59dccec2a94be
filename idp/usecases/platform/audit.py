"""The step every use case takes before it commits: writing what happened."""

from __future__ import annotations

from idp.domain.platform.actors import Actor
from idp.domain.platform.address_prefixes import address_prefix
from idp.domain.platform.audit_events import AuditRecord
from idp.domain.platform.instants import after
from idp.domain.platform.storable import storable
from idp.store.database import Connected
from idp.store.platform.audit import insert_event
from idp.usecases.deps import Deps, log_on_commit


def write_audit(connection: Connected, deps: Deps, actor: Actor, record: AuditRecord) -> None:
    """Trace `record` in the open transaction: one insert, and one log line once it commits."""
    now = deps.clock.now()
    traced: dict[str, str | int] = {
        "actor_role": actor.role,
        "actor": actor.name,
        "subject": record.subject,
        "client_id": storable(record.client_id),
        "address_prefix": address_prefix(actor.address),
        "request_id": actor.request_id,
    }
    ends = {"at": now, "expires_at": after(now, deps.lifetimes.audit)}
    insert_event(connection, {**traced, **ends, "event": record.event, "facts": record.facts})
    log_on_commit(connection, record.event, {**{k: v for k, v in traced.items() if v != ""}, **record.facts})
