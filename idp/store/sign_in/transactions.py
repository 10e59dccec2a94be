"""Authorization transactions: a request for which a person must be asked something, bound to one browser."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    LargeBinary,
    Table,
    Text,
    Update,
    bindparam,
    cast,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.metadata import RowNumber, instant, metadata, text
from idp.store.prepared import Prepared

authorization_transactions = Table(
    "authorization_transactions",
    metadata,
    text("id", 43, primary_key=True),  # `t` in the URL
    Column("browser_hash", LargeBinary(32), nullable=False),  # SHA-256 of the browser cookie, or of a frame's secret
    text("client_id"),
    Column("request", JSON, nullable=False),  # the checked authorization request, as sent
    Column("done", JSON, nullable=False),  # what was done in it and when (domain/sign_in/journey.py: Done)
    Column("tries", RowNumber, nullable=False, default=0),  # of passwords, in a frame
    instant("created_at"),
    instant("closed_at", nullable=True),
    instant("expires_at", index=True),
)

posted_requests = Table(
    "posted_requests",
    metadata,
    text("handle", 43, primary_key=True),  # parameters of a POST to /authorize, single use, 60 s
    Column("parameters", JSON, nullable=False),
    instant("expires_at", index=True),
)

_row = authorization_transactions.c


@dataclass(frozen=True, slots=True)
class TransactionRow:
    """A transaction as it is stored."""

    id: str
    browser_hash: bytes
    client_id: str
    request: Mapping[str, str]
    done: Mapping[str, Any]
    tries: int
    created_at: Instant
    closed_at: Instant | None
    expires_at: Instant


FIELDS = TransactionRow.__slots__
INSERT_TRANSACTION = Prepared(insert(authorization_transactions).inline(), FIELDS)
FIND_TRANSACTION = Prepared(select(*(_row[name] for name in FIELDS)).where(_row.id == bindparam("transaction_id")))
CLOSE_TRANSACTION = Prepared(
    update(authorization_transactions)
    .where(_row.id == bindparam("transaction_id"), _row.closed_at.is_(None))
    .values(closed_at=bindparam("at"))
)
PROLONG_TRANSACTION = Prepared(
    update(authorization_transactions)
    .where(_row.id == bindparam("transaction_id"), _row.closed_at.is_(None), _row.expires_at == bindparam("was"))
    .values(expires_at=bindparam("ends"))
)

OPEN = (_row.id == bindparam("transaction_id"), _row.closed_at.is_(None), _row.expires_at > bindparam("at"))
SPEND_TRY = Prepared(
    update(authorization_transactions)
    .where(*OPEN, _row.browser_hash == bindparam("was"), _row.tries < bindparam("most"))
    .values(browser_hash=bindparam("becomes"), tries=_row.tries + 1)
)
MOVE = Prepared(
    update(authorization_transactions)
    .where(*OPEN, _row.browser_hash == bindparam("was"))
    .values(browser_hash=bindparam("becomes"))
)
GIVE_BACK = Prepared(
    update(authorization_transactions)
    .where(*OPEN, _row.browser_hash == bindparam("holder"), _row.tries > 0)
    .values(tries=_row.tries - 1)
)


def _recording(dialect: str) -> Update:
    act = bindparam("act", type_=Text)
    merged: Any = func.json_patch(_row.done, act)
    if dialect == "postgresql":
        merged = cast(cast(_row.done, JSONB).concat(cast(act, JSONB)), JSON)
    here = (_row.id == bindparam("transaction_id"), _row.closed_at.is_(None), _row.expires_at > bindparam("at"))
    return update(authorization_transactions).where(*here).values(done=merged).returning(_row.done)


RECORD_DONE = Prepared(_recording)


def insert_transaction(connection: Connected, row: TransactionRow) -> None:
    """Begin one."""
    INSERT_TRANSACTION.write(connection, {name: getattr(row, name) for name in FIELDS})


def find_transaction_row(connection: Connected, transaction_id: str) -> TransactionRow | None:
    """The transaction of that id, whatever its state, or None."""
    found = FIND_TRANSACTION.first(connection, {"transaction_id": transaction_id})
    return TransactionRow(*found) if found else None


def record_done(
    connection: Connected, transaction_id: str, step: str, at: Instant, session_id: str
) -> Mapping[str, Any] | None:
    """Note in an open transaction that this session did `step` (journey.Act) now. All that was done in it by then, or
    None when it is closed or gone.

    One statement: two tabs that do different things at once lose neither.
    """
    act = {step: {"at": at, "session_id": session_id}}
    found = RECORD_DONE.first(connection, {"transaction_id": transaction_id, "at": at, "act": json.dumps(act)})
    return found[0] if found else None


def close_transaction(connection: Connected, transaction_id: str, at: Instant) -> bool:
    """End it; False when someone else did first: it is answered once."""
    return CLOSE_TRANSACTION.run(connection, {"transaction_id": transaction_id, "at": at}) == 1


def prolong_transaction(connection: Connected, transaction_id: str, *, was: Instant, ends: Instant) -> bool:
    """Let an open one end later than it did; False when it was closed or prolonged meanwhile."""
    return PROLONG_TRANSACTION.run(connection, {"transaction_id": transaction_id, "was": was, "ends": ends}) == 1


def spend_try(
    connection: Connected, transaction_id: str, *, was: bytes, becomes: bytes, most: int, at: Instant
) -> bool:
    """Count a try of the frame that holds `was`, which from now on must hold `becomes`; False when it has been used,
    or there were `most` before."""
    values = {"transaction_id": transaction_id, "was": was, "becomes": becomes, "most": most, "at": at}
    return SPEND_TRY.run(connection, values) == 1


def move_transaction(connection: Connected, transaction_id: str, *, was: bytes, becomes: bytes, at: Instant) -> bool:
    """Let another holder go on with an open one; False when `was` no longer holds it."""
    return MOVE.run(connection, {"transaction_id": transaction_id, "was": was, "becomes": becomes, "at": at}) == 1


def give_try_back(connection: Connected, transaction_id: str, holder: bytes, at: Instant) -> None:
    """Uncount the last try of whoever holds it now."""
    GIVE_BACK.write(connection, {"transaction_id": transaction_id, "holder": holder, "at": at})


def restart_elsewhere(connection: Connected, transaction_id: str, *, was: bytes, becomes: bytes, at: Instant) -> bool:
    """Let another holder begin an open one anew: what was done in it is forgotten; False when `was`
    does not hold it."""
    here = (_row.id == transaction_id, _row.closed_at.is_(None), _row.expires_at > at, _row.browser_hash == was)
    moved = update(authorization_transactions).where(*here).values(browser_hash=becomes, done={})
    return connection.execute(moved).rowcount == 1


def insert_posted_request(
    connection: Connected, handle: str, parameters: Mapping[str, str], expires_at: Instant
) -> None:
    """Keep the parameters of a POST until its browser comes back for them."""
    row = {"handle": handle, "parameters": parameters, "expires_at": expires_at}
    connection.execute(insert(posted_requests).values(row))


def take_posted_request(connection: Connected, handle: str, now: Instant) -> Mapping[str, str] | None:
    """The parameters under this handle, which is spent by it; None when there is none, or no more."""
    here = (posted_requests.c.handle == handle, posted_requests.c.expires_at > now)
    taken = delete(posted_requests).where(*here).returning(posted_requests.c.parameters)
    found: Mapping[str, str] | None = connection.execute(taken).scalar()
    return found
