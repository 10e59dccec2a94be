"""Device authorizations (RFC 8628): codes only as hashes, each step one conditional update."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Integer, LargeBinary, Table, bindparam, insert, select, update

from idp.domain.platform.instants import Instant
from idp.domain.portals.device_codes import DeviceAuthorization, DeviceStatus
from idp.store.database import Connected
from idp.store.metadata import instant, metadata, text
from idp.store.prepared import Prepared

device_authorizations = Table(
    "device_authorizations",
    metadata,
    text("id", 32, primary_key=True),
    Column("device_hash", LargeBinary(32), nullable=False, unique=True),  # SHA-256 of the device code
    Column("user_hash", LargeBinary(32), nullable=False, unique=True),  # HMAC of the user code, which is short
    text("client_id"),
    text("scope"),
    text("resource", default=""),
    text("status", 16),
    text("transaction_id", 43, nullable=True, unique=True),  # the sign-in that answers it
    Column("interval", Integer, nullable=False),
    instant("polled_at"),
    instant("code_expires_at"),
    instant("expires_at", index=True),  # a little later: until then a poll is told expired_token
)

_row = device_authorizations.c
FIELDS = DeviceAuthorization.__slots__
_found = select(*(_row[name] for name in FIELDS))
_pending = _row.status == DeviceStatus.PENDING.value
_waits = (_pending, _row.code_expires_at > bindparam("now"))
_of_one_that_waits = update(device_authorizations).where(_row.id == bindparam("device_id"), _pending)
INSERT = Prepared(
    insert(device_authorizations).inline(), tuple(name for name in _row.keys() if name != "transaction_id")
)
BY_DEVICE_CODE = Prepared(_found.where(_row.device_hash == bindparam("device_hash")))
BY_USER_CODE = Prepared(_found.where(_row.user_hash == bindparam("user_hash"), *_waits))
BY_TRANSACTION = Prepared(_found.where(_row.transaction_id == bindparam("transaction"), *_waits))
BIND = Prepared(_of_one_that_waits.values(transaction_id=bindparam("transaction")))
ANSWER = Prepared(_of_one_that_waits.values(status=bindparam("answer")))
NOTE_POLL = Prepared(
    update(device_authorizations)
    .where(_row.id == bindparam("device_id"))
    .values(polled_at=bindparam("now"), interval=_row.interval + bindparam("slower"))
)


def insert_device_authorization(connection: Connected, row: Mapping[str, Any]) -> None:
    """A device asks."""
    INSERT.run(connection, row)


def find_by_device_code(connection: Connected, device_hash: bytes) -> DeviceAuthorization | None:
    """The one of this device code, whatever its state."""
    return _read(BY_DEVICE_CODE.first(connection, {"device_hash": device_hash}))


def find_pending(connection: Connected, user_hash: bytes, now: Instant) -> DeviceAuthorization | None:
    """The one of this user code that waits for an answer."""
    return _read(BY_USER_CODE.first(connection, {"user_hash": user_hash, "now": now}))


def find_of_transaction(connection: Connected, transaction_id: str, now: Instant) -> DeviceAuthorization | None:
    """The one that this sign-in is to answer."""
    return _read(BY_TRANSACTION.first(connection, {"transaction": transaction_id, "now": now}))


def _read(row: tuple[Any, ...] | None) -> DeviceAuthorization | None:
    return DeviceAuthorization(*row) if row else None


def bind_transaction(connection: Connected, device_id: str, transaction_id: str) -> bool:
    """From now on this sign-in answers it, and no other."""
    return BIND.run(connection, {"device_id": device_id, "transaction": transaction_id}) == 1


def answer(connection: Connected, device_id: str, status: DeviceStatus) -> bool:
    """Approved or denied; True for exactly one caller."""
    return ANSWER.run(connection, {"device_id": device_id, "answer": status.value}) == 1


def note_poll(connection: Connected, device_id: str, now: Instant, slower: int) -> None:
    """It polled; from now on it waits `slower` longer."""
    NOTE_POLL.write(connection, {"device_id": device_id, "now": now, "slower": slower})
