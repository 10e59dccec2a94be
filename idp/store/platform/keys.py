"""Signing keys and other sealed values, encrypted at rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import JSON, Column, Integer, LargeBinary, Table, delete, insert, select, update

from idp.domain.platform.instants import Instant
from idp.domain.platform.keys import KeyState, SigningAlgorithm, SigningKey
from idp.store.database import Connected
from idp.store.metadata import instant, metadata, text
from idp.store.unique_insert import insert_once

signing_keys = Table(
    "signing_keys",
    metadata,
    text("kid", 43, primary_key=True),
    text("alg", 16),
    text("state", 16),  # next, active, retired, compromised
    Column("public_jwk", JSON, nullable=False),
    Column("private_sealed", LargeBinary, nullable=True),  # NULL once retired
    text("key_encryption_key_id", 16, default=""),
    instant("created_at"),
    instant("activated_at", nullable=True),
    instant("retired_at", nullable=True),
    instant("published_until", nullable=True),  # leaves the JWKS after this
    instant("expires_at", nullable=True, index=True),  # kept for verifying hints until this
)

key_versions = Table(
    "key_versions",
    metadata,
    text("name", 16, primary_key=True),  # one row, "signing": moves with every change of the table above
    Column("version", Integer, nullable=False),
)

sealed_values = Table(
    "sealed_values",
    metadata,
    text("name", 64, primary_key=True),  # the pairwise salt, or whose secret it is
    Column("sealed", LargeBinary, nullable=False),
    text("key_encryption_key_id", 16),
    instant("created_at"),
)

SIGNING = "signing"


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A signing key as it is stored."""

    key: SigningKey
    public_jwk: Mapping[str, Any]
    private_sealed: bytes | None
    key_encryption_key_id: str


def key_version(connection: Connected) -> int:
    """The version of the key table: 0 before the first key."""
    found = connection.execute(select(key_versions.c.version).where(key_versions.c.name == SIGNING)).scalar()
    return 0 if found is None else found


def begin_versions(connection: Connected) -> bool:
    """Whether this is the very first start of the deployment; only one process ever hears yes."""
    return insert_once(connection, key_versions, {"name": SIGNING, "version": 0})


def move_version(connection: Connected) -> None:
    """Tell every node that the table changed; every change of keys takes this row first, so changes queue up."""
    statement = update(key_versions).where(key_versions.c.name == SIGNING)
    connection.execute(statement.values(version=key_versions.c.version + 1))


def list_keys(connection: Connected) -> list[KeyRow]:
    """Every key, oldest first."""
    rows = connection.execute(select(signing_keys).order_by(signing_keys.c.created_at, signing_keys.c.kid)).mappings()
    return [_key_row(row) for row in rows]


def insert_key(connection: Connected, row: KeyRow) -> None:
    """Add one key."""
    material = {"public_jwk": row.public_jwk, "private_sealed": row.private_sealed}
    values = {**_facts(row.key), **material, "key_encryption_key_id": row.key_encryption_key_id}
    connection.execute(insert(signing_keys).values(values))


def update_key(connection: Connected, key: SigningKey, was: KeyState) -> bool:
    """Write a key's new state, and forget its private part once it may never sign; False unless it still was `was`."""
    values: dict[str, Any] = _facts(key)
    if key.state in (KeyState.RETIRED, KeyState.COMPROMISED):
        values.update(private_sealed=None, key_encryption_key_id="")
    here = (signing_keys.c.kid == key.kid) & (signing_keys.c.state == was)
    return connection.execute(update(signing_keys).where(here).values(values)).rowcount == 1


def reseal_key(connection: Connected, kid: str, sealed: bytes, key_encryption_key_id: str, was: str) -> bool:
    """Replace the sealing of one private key; False when it was rotated or resealed meanwhile."""
    here = (signing_keys.c.kid == kid) & (signing_keys.c.key_encryption_key_id == was)
    values = {"private_sealed": sealed, "key_encryption_key_id": key_encryption_key_id}
    return connection.execute(update(signing_keys).where(here).values(values)).rowcount == 1


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A sealed value as it is stored."""

    name: str
    sealed: bytes
    key_encryption_key_id: str


def find_sealed(connection: Connected, name: str) -> SealedRow | None:
    """The sealed value of that name, or None."""
    row = connection.execute(select(sealed_values).where(sealed_values.c.name == name)).mappings().first()
    return SealedRow(row["name"], row["sealed"], row["key_encryption_key_id"]) if row else None


def list_sealed(connection: Connected) -> list[SealedRow]:
    """Every sealed value."""
    rows = connection.execute(select(sealed_values).order_by(sealed_values.c.name)).mappings()
    return [SealedRow(row["name"], row["sealed"], row["key_encryption_key_id"]) for row in rows]


def insert_sealed(connection: Connected, row: SealedRow, created_at: Instant) -> bool:
    """Keep a sealed value; False when there is one of that name."""
    values = {"name": row.name, "sealed": row.sealed, "key_encryption_key_id": row.key_encryption_key_id}
    return insert_once(connection, sealed_values, {**values, "created_at": created_at})


def delete_sealed(connection: Connected, name: str) -> None:
    """Forget the sealed value of that name."""
    connection.execute(delete(sealed_values).where(sealed_values.c.name == name))


def reseal_value(connection: Connected, row: SealedRow, was: str) -> bool:
    """Replace the sealing of a value; False when it was resealed meanwhile."""
    here = (sealed_values.c.name == row.name) & (sealed_values.c.key_encryption_key_id == was)
    values = {"sealed": row.sealed, "key_encryption_key_id": row.key_encryption_key_id}
    return connection.execute(update(sealed_values).where(here).values(values)).rowcount == 1


def _facts(key: SigningKey) -> dict[str, Any]:
    return {item.name: getattr(key, item.name) for item in fields(key)}


def _key_row(row: Mapping[Any, Any]) -> KeyRow:
    facts = {item.name: row[item.name] for item in fields(SigningKey)}
    facts.update(alg=SigningAlgorithm(row["alg"]), state=KeyState(row["state"]))
    return KeyRow(SigningKey(**facts), row["public_jwk"], row["private_sealed"], row["key_encryption_key_id"])
