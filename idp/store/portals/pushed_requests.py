"""Authorization requests that clients pushed (RFC 9126), under the hash of the handle that they were given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import JSON, Column, LargeBinary, Table, bindparam, insert, select

from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.metadata import instant, metadata, text
from idp.store.portals.authorizations import authorizations
from idp.store.prepared import Prepared

pushed_requests = Table(
    "pushed_requests",
    metadata,
    Column("handle_hash", LargeBinary(32), primary_key=True),
    text("client_id"),
    Column("parameters", JSON, nullable=False),  # as a transaction keeps them: checked, never a token
    instant("expires_at", index=True),
)

_row = pushed_requests.c
INSERT = Prepared(insert(pushed_requests).inline(), tuple(_row.keys()))
FIND = Prepared(
    select(_row.parameters).where(
        _row.handle_hash == bindparam("handle_hash"),
        _row.client_id == bindparam("client_id"),
        _row.expires_at > bindparam("now"),
        ~select(authorizations.c.id).where(authorizations.c.pushed_hash == _row.handle_hash).exists(),
    ),
)


def insert_pushed_request(
    connection: Connected, handle_hash: bytes, client_id: str, parameters: Mapping[str, str], expires_at: Instant
) -> None:
    """Keep what was pushed."""
    row = {"handle_hash": handle_hash, "client_id": client_id, "parameters": parameters, "expires_at": expires_at}
    INSERT.write(connection, row)


def find_pushed(connection: Connected, handle_hash: bytes, client_id: str, now: Instant) -> Mapping[str, str] | None:
    """What this client pushed under that handle, while it lives and no code was given for it: one statement."""
    found: Any = FIND.first(connection, {"handle_hash": handle_hash, "client_id": client_id, "now": now})
    return found[0] if found else None
