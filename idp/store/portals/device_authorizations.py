"""Device authorizations (RFC 8628): codes only as hashes, each step one conditional update."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, ColumnElement, Integer, LargeBinary, Table, bindparam, insert, select, update

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
BY_DEVICE_CODE = Prepared(select(*(_row[name] for name in FIELDS)).where(_row.device_hash == bindparam("device_hash")))


def insert_device_authorization(connection: Connected, row: Mapping[str, Any]) -> None:
    """A device asks."""
    connection.execute(insert(device_authorizations).values(row))


def find_by_device_code(connection: Connected, device_hash: bytes) -> DeviceAuthorization | None:
    """The one of this device code, whatever its state."""
    row = BY_DEVICE_CODE.first(connection, {"device_hash": device_hash})
    return DeviceAuthorization(*row) if row else None


def find_pending(connection: Connected, user_hash: bytes, now: Instant) -> DeviceAuthorization | None:
    """The one of this user code that waits for an answer."""
    return _find(connection, _row.user_hash == user_hash, now)


def find_of_transaction(connection: Connected, transaction_id: str, now: Instant) -> DeviceAuthorization | None:
    """The one that this sign-in is to answer."""
    return _find(connection, _row.transaction_id == transaction_id, now)


def _find(connection: Connected, which: ColumnElement[bool], now: Instant) -> DeviceAuthorization | None:
    waits = (which, _row.status == DeviceStatus.PENDING, _row.code_expires_at > now)
    found = connection.execute(select(*(_row[name] for name in FIELDS)).where(*waits)).first()
    return DeviceAuthorization(*found) if found else None


def bind_transaction(connection: Connected, device_id: str, transaction_id: str) -> bool:
    """From now on this sign-in answers it, and no other."""
    return _change(connection, device_id, transaction_id=transaction_id)


def answer(connection: Connected, device_id: str, status: DeviceStatus) -> bool:
    """Approved or denied; True for exactly one caller."""
    return _change(connection, device_id, status=status)


def _change(connection: Connected, device_id: str, **values: str) -> bool:
    waits = (_row.id == device_id, _row.status == DeviceStatus.PENDING)
    return connection.execute(update(device_authorizations).where(*waits).values(values)).rowcount == 1


def note_poll(connection: Connected, device_id: str, now: Instant, slower: int) -> None:
    """It polled; from now on it waits `slower` longer."""
    values = {"polled_at": now, "interval": _row.interval + slower}
    connection.execute(update(device_authorizations).where(_row.id == device_id).values(values))
