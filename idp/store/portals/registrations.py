"""Writing the registrations of clients, and reading one whole for whoever manages it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update

from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.portals.registered_clients import registered_clients, registered_origins

COLUMNS = registered_clients.c


@dataclass(frozen=True, slots=True)
class Registration:
    """One registration, whole."""

    client_id: str
    content: Mapping[str, Any]
    registered: Mapping[str, Any]
    token_hash: bytes
    invitation_id: str
    statement: Mapping[str, Any] | None
    created_at: Instant
    updated_at: Instant


WHOLE = select(*(COLUMNS[name] for name in Registration.__slots__))


def find_registration(connection: Connected, client_id: str) -> Registration | None:
    """The registration of that client."""
    row = connection.execute(WHOLE.where(COLUMNS.client_id == client_id)).first()
    return Registration(*row) if row else None


def list_registrations(connection: Connected) -> list[Registration]:
    """Every registration, oldest first."""
    return [Registration(*row) for row in connection.execute(WHOLE.order_by(COLUMNS.created_at, COLUMNS.client_id))]


def insert_registration(connection: Connected, row: Registration, origins: Iterable[str]) -> None:
    """Keep a new client, and the origins of its pages."""
    connection.execute(insert(registered_clients), {name: getattr(row, name) for name in Registration.__slots__})
    _insert_origins(connection, row.client_id, origins)


def replace_registration(connection: Connected, row: Registration, was: bytes, origins: Iterable[str]) -> bool:
    """Write what the client is now, under a new token; False when the token `was` is no longer its own."""
    values = {name: getattr(row, name) for name in ("content", "registered", "token_hash", "updated_at")}
    mine = (COLUMNS.client_id == row.client_id) & (COLUMNS.token_hash == was)
    if connection.execute(update(registered_clients).where(mine).values(values)).rowcount != 1:
        return False
    connection.execute(delete(registered_origins).where(registered_origins.c.client_id == row.client_id))
    _insert_origins(connection, row.client_id, origins)
    return True


def delete_registration(connection: Connected, client_id: str, token_hash: bytes | None = None) -> bool:
    """Forget a client, its origins and its logo; with a hash only if that is its token's."""
    condition = COLUMNS.client_id == client_id
    if token_hash is not None:
        condition &= COLUMNS.token_hash == token_hash
    return connection.execute(delete(registered_clients).where(condition)).rowcount == 1


def _insert_origins(connection: Connected, client_id: str, origins: Iterable[str]) -> None:
    rows = [{"origin": origin, "client_id": client_id} for origin in origins]
    if rows:
        connection.execute(insert(registered_origins), rows)
