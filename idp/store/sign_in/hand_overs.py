"""Sign-ins made inside a partner's page, on their way to the browser's top level: tickets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, LargeBinary, Select, Table, delete, insert, select, update

from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.metadata import instant, metadata, reference, text
from idp.store.people.accounts import accounts

hand_overs = Table(
    "hand_overs",
    metadata,
    Column("ticket_hash", LargeBinary(32), primary_key=True),  # SHA-256 of what the frame holds
    text("transaction_id", 43, index=True),
    Column("holder_hash", LargeBinary(32), nullable=False),  # of the frame it was given to: nobody else's transaction
    text("client_id"),
    reference("account_id", "accounts.id"),
    instant("account_valid_from"),  # as it was when the password was compared
    text("acr", 32),
    instant("signed_in_at"),
    instant("taken_at", nullable=True),  # the ticket was spent; the person may still be asked something
    instant("expires_at", index=True),
)

_row = hand_overs.c


@dataclass(frozen=True, slots=True)
class HandOverRow:
    """A sign-in that has no session yet, and whose it is."""

    transaction_id: str
    client_id: str
    account_id: int
    account_valid_from: Instant
    acr: str
    signed_in_at: Instant
    subject: str
    given_name: str
    family_name: str
    siret: str


def insert_hand_over(connection: Connected, row: dict[str, Any]) -> None:
    """Add one; the row holds every column but `taken_at`."""
    connection.execute(insert(hand_overs).values(row))


def take_ticket(connection: Connected, ticket_hash: bytes, now: Instant, until: Instant) -> tuple[str, bytes] | None:
    """Spend the ticket, once: the transaction that it is of, whose sign-in may be finished `until` then, and by whom it
    must be held."""
    good = (_row.ticket_hash == ticket_hash, _row.taken_at.is_(None), _row.expires_at > now)
    taken = update(hand_overs).where(*good).values(taken_at=now, expires_at=until)
    found = connection.execute(taken.returning(_row.transaction_id, _row.holder_hash)).first()
    return (found[0], bytes(found[1])) if found else None


def forget_ticket(connection: Connected, ticket_hash: bytes) -> None:
    """It was good, and nothing comes of it."""
    connection.execute(delete(hand_overs).where(_row.ticket_hash == ticket_hash))


def forget_hand_overs(connection: Connected, transaction_id: str) -> None:
    """Whoever signed in in this transaction has not."""
    connection.execute(delete(hand_overs).where(_row.transaction_id == transaction_id))


def find_hand_over(connection: Connected, transaction_id: str, now: Instant) -> HandOverRow | None:
    """The sign-in of this transaction whose ticket was spent, and that is not finished."""
    person = (accounts.c.subject, accounts.c.given_name, accounts.c.family_name, accounts.c.siret)
    own = (_row.transaction_id, _row.client_id, _row.account_id, _row.account_valid_from, _row.acr, _row.signed_in_at)
    mine = (_row.transaction_id == transaction_id, _row.taken_at.is_not(None), _row.expires_at > now)
    wanted: Select[Any] = select(*own, *person).join(accounts, accounts.c.id == _row.account_id).where(*mine)
    found = connection.execute(wanted).first()
    return HandOverRow(*found) if found else None


def finish_hand_over(connection: Connected, transaction_id: str) -> bool:
    """End it; False when another tab did first."""
    mine = (_row.transaction_id == transaction_id, _row.taken_at.is_not(None))
    return connection.execute(delete(hand_overs).where(*mine)).rowcount > 0
