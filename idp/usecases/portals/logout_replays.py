"""What an operator sees of the telling of portals, and has done again."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.instants import after
from idp.store.portals.logout import DeliveryRow, replay_deliveries
from idp.store.portals.logout import list_deliveries as list_rows
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit
from idp.usecases.portals.logout_deliveries import DELIVERY_KEPT


def list_deliveries(deps: Deps, *, client_id: str, statuses: Collection[str], limit: int) -> Sequence[DeliveryRow]:
    """The newest deliveries, the newest first."""
    with deps.read() as connection:
        return list_rows(connection, client_id=client_id, statuses=statuses, limit=limit)


def replay(deps: Deps, actor: Actor, *, delivery_id: str = "", client_id: str = "") -> int:
    """Have one delivery made again, or every one that a client has not confirmed; how many there are.

    A runner makes them: under its lease, so that none is sent twice at once, and tried again as often as a new one.
    """
    now = deps.clock.now()
    with deps.transaction() as connection:
        expires_at = after(now, DELIVERY_KEPT)
        found = replay_deliveries(
            connection, delivery_id=delivery_id, client_id=client_id, now=now, expires_at=expires_at
        )
        if found:
            facts: dict[str, str | int] = {"deliveries": found, "delivery": delivery_id}
            write_audit(
                connection, deps, actor, AuditRecord(AuditEvent.LOGOUT_REPLAYED, client_id=client_id, facts=facts)
            )
    return found
