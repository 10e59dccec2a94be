"""Tokens of old widgets: posted to a partner's page, told once to its back end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, LargeBinary, Table, insert, select, update

from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.metadata import instant, metadata, reference, text
from idp.store.people.accounts import accounts

legacy_tokens = Table(
    "legacy_tokens",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),  # SHA-256 of what the partner holds
    text("client_id"),
    reference("account_id", "accounts.id"),
    instant("account_valid_from"),  # as it was when the password was compared
    instant("issued_at"),
    instant("redeemed_at", nullable=True),
    instant("expires_at", index=True),  # of the token; of its memory once it is redeemed
)

_row = legacy_tokens.c


@dataclass(frozen=True, slots=True)
class LegacyTokenRow:
    """Whose password it stands for, and since when."""

    account_id: int
    account_valid_from: Instant
    issued_at: Instant
    subject: str
    siret: str


@dataclass(frozen=True, slots=True)
class KnownToken:
    """A token that is not good for who presents it, and whose it is."""

    client_id: str
    subject: str
    redeemed_at: Instant | None


def insert_legacy_token(connection: Connected, row: dict[str, Any]) -> None:
    """Add one; the row holds every column but `redeemed_at`."""
    connection.execute(insert(legacy_tokens).values(row))


def redeem_legacy_token(
    connection: Connected, hashed: bytes, client_id: str, now: Instant, until: Instant
) -> LegacyTokenRow | None:
    """Spend it, for exactly one call of its own client; it is remembered `until` then."""
    good = (
        _row.token_hash == hashed,
        _row.client_id == client_id,
        _row.redeemed_at.is_(None),
        _row.expires_at > now,
    )
    told = (_row.account_id, _row.account_valid_from, _row.issued_at)
    spent = update(legacy_tokens).where(*good).values(redeemed_at=now, expires_at=until).returning(*told)
    row = connection.execute(spent).first()
    if row is None:
        return None
    person = connection.execute(select(accounts.c.subject, accounts.c.siret).where(accounts.c.id == row[0])).one()
    return LegacyTokenRow(row[0], row[1], row[2], *person)


def find_known_token(connection: Connected, hashed: bytes) -> KnownToken | None:
    """The token, spent or another's, as long as it is remembered."""
    told = (_row.client_id, accounts.c.subject, _row.redeemed_at)
    wanted = select(*told).join(accounts, accounts.c.id == _row.account_id).where(_row.token_hash == hashed)
    row = connection.execute(wanted).first()
    return KnownToken(*row) if row else None
