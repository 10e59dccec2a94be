"""Which portals a session reached, and the telling of each: waiting, leased to one sender, settled, read, replayed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, select, true, update

from idp.domain.platform.instants import Instant
from idp.domain.portals.logout import DeliveryStatus
from idp.store.database import Connected
from idp.store.platform.leases import lease_rows
from idp.store.portals.authorizations import authorizations, logout_deliveries
from idp.store.unique_insert import insert_once

REACHED = (
    select(authorizations.c.client_id, authorizations.c.sid)
    .where(authorizations.c.session_id.in_(bindparam("session_ids", expanding=True)))
    .distinct()
)
FREE = {"leased_by": "", "leased_until": None}
"""What gives a lease back."""


@dataclass(frozen=True, slots=True)
class ReachedPortal:
    """A portal that got a code from the session, and the `sid` it knows the session by."""

    client_id: str
    sid: str


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery as it is stored. It never holds a logout token."""

    id: str
    client_id: str
    subject: str
    sid: str
    status: str
    outcome: str
    attempts: int
    next_at: Instant | None
    created_at: Instant
    delivered_at: Instant | None
    expires_at: Instant


def session_known_as(connection: Connected, client_id: str, sid: str) -> str:
    """The session that this client knows by that `sid`, or ""."""
    mine = (authorizations.c.client_id == client_id, authorizations.c.sid == sid)
    found = connection.execute(select(authorizations.c.session_id).where(*mine)).scalar()
    return found or ""


def reached_portals(connection: Connected, session_ids: Sequence[str]) -> list[ReachedPortal]:
    """Every portal that these sessions signed into."""
    rows = connection.execute(REACHED, {"session_ids": list(session_ids)})
    return [ReachedPortal(row.client_id, row.sid) for row in rows]


def insert_delivery(connection: Connected, row: Mapping[str, object]) -> bool:
    """Remember that a portal is owed a logout token; False when it is known already that this session ended."""
    return insert_once(connection, logout_deliveries, row)


def lease_deliveries(connection: Connected, sender: str, now: Instant, until: Instant, limit: int) -> list[DeliveryRow]:
    """The deliveries that are due, leased to this sender alone."""
    due = logout_deliveries.c.next_at <= now
    order = (logout_deliveries.c.next_at, logout_deliveries.c.id)
    rows = lease_rows(connection, logout_deliveries, due, order, runner=sender, now=now, until=until, limit=limit)
    return [_row(row) for row in rows]


def settle_delivery(connection: Connected, delivery_id: str, sender: str, values: Mapping[str, object]) -> bool:
    """Write how an attempt ended and give the lease back; False when the lease was lost meanwhile."""
    mine = and_(logout_deliveries.c.id == delivery_id, logout_deliveries.c.leased_by == sender)
    return connection.execute(update(logout_deliveries).where(mine).values({**values, **FREE})).rowcount == 1


def list_deliveries(
    connection: Connected, *, client_id: str, statuses: Collection[str], limit: int
) -> list[DeliveryRow]:
    """The newest deliveries, the newest first."""
    newest = (logout_deliveries.c.created_at.desc(), logout_deliveries.c.id)
    found = select(logout_deliveries).where(_of(client_id, statuses)).order_by(*newest).limit(limit)
    return [_row(row) for row in connection.execute(found).mappings()]


def replay_deliveries(
    connection: Connected, *, delivery_id: str, client_id: str, now: Instant, expires_at: Instant
) -> int:
    """Make deliveries due now, with all their attempts before them; how many.

    One that was named is due whatever its status; of a client, those that it never confirmed.
    """
    here = logout_deliveries.c.id == delivery_id
    if not delivery_id:
        here = _of(client_id, [status for status in DeliveryStatus if status is not DeliveryStatus.DELIVERED])
    values = {"status": DeliveryStatus.WAITING, "attempts": 0, "next_at": now, "expires_at": expires_at}
    return connection.execute(update(logout_deliveries).where(here).values(values)).rowcount


def _of(client_id: str, statuses: Collection[str]) -> ColumnElement[bool]:
    wanted = logout_deliveries.c.client_id == client_id if client_id else true()
    return and_(wanted, logout_deliveries.c.status.in_(statuses)) if statuses else wanted


def _row(row: Mapping[Any, Any]) -> DeliveryRow:
    return DeliveryRow(**{item.name: row[item.name] for item in fields(DeliveryRow)})
