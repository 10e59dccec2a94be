"""Clients that registered themselves (RFC 7591), and the invitations they came with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Integer, LargeBinary, Table, bindparam, select

from idp.store.database import Connected
from idp.store.metadata import instant, metadata, reference, text
from idp.store.prepared import Prepared

registered_clients = Table(
    "registered_clients",
    metadata,
    text("client_id", 40, primary_key=True),
    Column("content", JSON, nullable=False),  # the client as the gateway works with it; secrets as digests only
    Column("registered", JSON, nullable=False),  # its metadata, as its registrations are answered
    Column("token_hash", LargeBinary(32), nullable=False),  # of the registration access token
    text("invitation_id", 32, default=""),
    Column("statement", JSON, nullable=True),  # what a trusted publisher said of it: an update cannot change that
    instant("created_at", index=True),
    instant("updated_at"),
)

registered_origins = Table(
    "registered_origins",
    metadata,
    text("origin", 255, primary_key=True),
    reference("client_id", "registered_clients.client_id", primary_key=True, index=True),
)

registered_logos = Table(
    "registered_logos",
    metadata,
    reference("client_id", "registered_clients.client_id", primary_key=True),
    Column("png", LargeBinary, nullable=False),  # as we wrote it anew
    text("digest", 64),
    instant("fetched_at"),
)

client_invitations = Table(
    "client_invitations",
    metadata,
    text("id", 32, primary_key=True),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    text("profile", 32),
    Column("require_pkce", Boolean, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("uses_left", Integer, nullable=False),
    instant("created_at"),
    instant("expires_at", index=True),
)

FIND = Prepared(
    select(registered_clients.c.content, registered_logos.c.digest)
    .outerjoin_from(
        registered_clients, registered_logos, registered_logos.c.client_id == registered_clients.c.client_id
    )
    .where(registered_clients.c.client_id == bindparam("client_id"))
)
FIND_ORIGIN = Prepared(
    select(registered_origins.c.client_id).where(registered_origins.c.origin == bindparam("origin")).limit(1)
)


@dataclass(frozen=True, slots=True)
class StoredClient:
    """What the gateway works with."""

    content: Mapping[str, Any]
    logo_digest: str | None


def find_registered(connection: Connected, client_id: str) -> StoredClient | None:
    """The client of that identifier: one statement."""
    row = FIND.first(connection, {"client_id": client_id})
    return StoredClient(*row) if row else None


def is_registered_origin(connection: Connected, origin: str) -> bool:
    """Whether pages of this origin belong to a registered client: one statement."""
    return FIND_ORIGIN.first(connection, {"origin": origin}) is not None
