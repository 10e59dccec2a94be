"""Which portals a session reached, and what each answered when it was told of the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, insert, select, update

from idp.domain.platform.instants import Instant
from idp.domain.portals.logout import LogoutNotice, LogoutOutcome
from idp.store.database import Connected
from idp.store.portals.authorizations import authorizations, logout_deliveries

REACHED = (
    select(authorizations.c.client_id, authorizations.c.sid)
    .where(authorizations.c.session_id.in_(bindparam("session_ids", expanding=True)))
    .distinct()
)
RECORD = (
    update(logout_deliveries)
    .where(logout_deliveries.c.id == bindparam("delivery_id"))
    .values(outcome=bindparam("answer"), delivered_at=bindparam("at"))
)


@dataclass(frozen=True, slots=True)
class ReachedPortal:
    """A portal that got a code from the session, and the `sid` it knows the session by."""

    client_id: str
    sid: str


def reached_portals(connection: Connected, session_ids: Sequence[str]) -> list[ReachedPortal]:
    """Every portal that these sessions signed into."""
    rows = connection.execute(REACHED, {"session_ids": list(session_ids)})
    return [ReachedPortal(row.client_id, row.sid) for row in rows]


def insert_deliveries(
    connection: Connected, notices: Sequence[LogoutNotice], *, now: Instant, expires_at: Instant
) -> None:
    """Remember that these portals are owed a logout token."""
    if notices:
        rows = [
            {
                "id": notice.id,
                "client_id": notice.client_id,
                "subject": notice.subject,
                "sid": notice.sid,
                "created_at": now,
                "outcome": "",
                "expires_at": expires_at,
            }
            for notice in notices
        ]
        connection.execute(insert(logout_deliveries), rows)


def record_outcome(connection: Connected, delivery_id: str, outcome: LogoutOutcome, now: Instant) -> None:
    """What the portal answered; `delivered_at` only when it confirmed."""
    delivered_at = now if outcome is LogoutOutcome.CONFIRMED else None
    connection.execute(RECORD, {"delivery_id": delivery_id, "answer": outcome, "at": delivered_at})
