"""Browsers known to an account, and the single-use links that make one of an owner's browsers known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Integer, LargeBinary, Table, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from idp.domain.people.triplets import TripletKey
from idp.domain.platform.instants import Instant
from idp.domain.sign_in.throttling import DEVICE_FAILURES, DEVICES_PER_ACCOUNT
from idp.store.database import Connected
from idp.store.metadata import instant, metadata, reference, text
from idp.store.people.accounts import accounts
from idp.store.prepared import Prepared

devices = Table(
    "devices",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),  # one browser, which may know several accounts
    reference("account_id", "accounts.id", primary_key=True, index=True),
    instant("created_at"),
    instant("last_used_at"),
    Column("failures", Integer, nullable=False, default=0),
    instant("expires_at", index=True),
)

sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    reference("account_id", "accounts.id", index=True),
    instant("created_at"),
    instant("used_at", nullable=True),
    text("client_id", default=""),  # whose page the owner was at
    instant("expires_at", index=True),
)


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """One account that a browser is known to, and whether the browser still passes there."""

    account_id: int
    key: TripletKey
    passes: bool


def find_known_accounts(connection: Connected, token_hash: bytes, now: Instant) -> Sequence[KnownAccount]:
    """Every account that this browser is known to: one statement. None after a password change."""
    triplet = (accounts.c.siret, accounts.c.family_name_key, accounts.c.given_name_key)
    query = (
        select(devices.c.account_id, devices.c.failures, *triplet)
        .join(accounts, accounts.c.id == devices.c.account_id)
        .where(devices.c.token_hash == token_hash, devices.c.created_at >= accounts.c.valid_from)
        .where(devices.c.expires_at > now)
    )
    return [
        KnownAccount(
            row.account_id,
            TripletKey(row.siret, row.family_name_key, row.given_name_key),
            row.failures < DEVICE_FAILURES,
        )
        for row in connection.execute(query)
    ]


def count_device_try(connection: Connected, token_hash: bytes, account_id: int, now: Instant) -> bool:
    """Count a try of this browser at this account; False when it is not known there or has failed too often.

    The count comes before the hash and in one UPDATE, so that parallel guesses get no more than the ten.
    """
    return COUNT_TRY.run(connection, {"token": token_hash, "account": account_id, "now": now}) == 1


def uncount_device_try(connection: Connected, token_hash: bytes, account_id: int) -> None:
    """Give back one try."""
    UNCOUNT_TRY.write(connection, {"token": token_hash, "account": account_id})


def keep_device(connection: Connected, token_hash: bytes, account_id: int, now: Instant, expires_at: Instant) -> None:
    """Make this browser known to this account, or known on; its failures are forgotten."""
    row = {"created_at": now, "last_used_at": now, "failures": 0, "expires_at": expires_at}
    keys = {"token_hash": token_hash, "account_id": account_id}
    KEEP_DEVICE.write(connection, {**keys, **row})


def forget_least_used(connection: Connected, account_id: int, newest: bytes) -> None:
    """Leave this account its ten browsers used last, `newest` among them."""
    FORGET_LEAST_USED.write(connection, {"account": account_id, "newest": newest})


def _keeping(dialect: str) -> Any:
    insert: Any = (postgresql if dialect == "postgresql" else sqlite).insert(devices)
    kept = {name: insert.excluded[name] for name in ("created_at", "last_used_at", "failures", "expires_at")}
    return insert.on_conflict_do_update(index_elements=[devices.c.token_hash, devices.c.account_id], set_=kept).inline()


KEEP_DEVICE = Prepared(_keeping, [column.name for column in devices.c])

_LAST_USED = (
    select(devices.c.token_hash)
    .where(devices.c.account_id == bindparam("account"))
    .order_by((devices.c.token_hash == bindparam("newest")).desc(), devices.c.last_used_at.desc())
    .limit(DEVICES_PER_ACCOUNT)
)
FORGET_LEAST_USED = Prepared(
    delete(devices).where(devices.c.account_id == bindparam("account"), devices.c.token_hash.not_in(_LAST_USED))
)
_THIS = (devices.c.token_hash == bindparam("token")) & (devices.c.account_id == bindparam("account"))
_VALID_FROM = select(accounts.c.valid_from).where(accounts.c.id == bindparam("account")).scalar_subquery()
COUNT_TRY = Prepared(
    update(devices)
    .where(_THIS, devices.c.expires_at > bindparam("now"), devices.c.created_at >= _VALID_FROM)
    .where(devices.c.failures < DEVICE_FAILURES)
    .values(failures=devices.c.failures + 1)
)
UNCOUNT_TRY = Prepared(update(devices).where(_THIS, devices.c.failures > 0).values(failures=devices.c.failures - 1))


def insert_sign_in_link(
    connection: Connected, token_hash: bytes, account_id: int, client_id: str, now: Instant, expires_at: Instant
) -> None:
    """Add one link."""
    row = {"token_hash": token_hash, "account_id": account_id, "client_id": client_id}
    connection.execute(insert(sign_in_links).values(**row, created_at=now, expires_at=expires_at))


@dataclass(frozen=True, slots=True)
class SpentLink:
    """A link that was good once, now."""

    account_id: int
    subject: str
    client_id: str


def spend_sign_in_link(connection: Connected, token_hash: bytes, now: Instant) -> SpentLink | None:
    """Use the link up; None when it is unknown, used, too old or older than the account's last change."""
    valid_from = select(accounts.c.valid_from).where(accounts.c.id == sign_in_links.c.account_id).scalar_subquery()
    subject = select(accounts.c.subject).where(accounts.c.id == sign_in_links.c.account_id).scalar_subquery()
    spent = (
        update(sign_in_links)
        .where(sign_in_links.c.token_hash == token_hash, sign_in_links.c.used_at.is_(None))
        .where(sign_in_links.c.expires_at > now, sign_in_links.c.created_at >= valid_from)
        .values(used_at=now)
        .returning(sign_in_links.c.account_id, subject.label("subject"), sign_in_links.c.client_id)
    )
    row = connection.execute(spent).first()
    return SpentLink(row.account_id, row.subject, row.client_id) if row else None
