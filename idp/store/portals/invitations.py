"""Invitations to register: counted by one conditional UPDATE each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import insert, select, update

from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.portals.registered_clients import client_invitations


@dataclass(frozen=True, slots=True)
class Invitation:
    """What whoever comes with this token may register."""

    id: str
    profile: str
    require_pkce: bool


def insert_invitation(connection: Connected, row: Mapping[str, object]) -> None:
    """Keep a new invitation."""
    connection.execute(insert(client_invitations), row)


def find_invitation(connection: Connected, token_hash: bytes, now: Instant) -> Invitation | None:
    """The invitation of that token, while it holds."""
    table = client_invitations.c
    holds = (table.token_hash == token_hash) & (table.uses_left > 0) & (table.expires_at > now)
    row = connection.execute(select(table.id, table.profile, table.require_pkce).where(holds)).first()
    return Invitation(*row) if row else None


def use_invitation(connection: Connected, invitation_id: str, now: Instant) -> bool:
    """Take one use; False when none is left."""
    table = client_invitations.c
    holds = (table.id == invitation_id) & (table.uses_left > 0) & (table.expires_at > now)
    taken = update(client_invitations).where(holds).values(uses_left=table.uses_left - 1)
    return connection.execute(taken).rowcount == 1
