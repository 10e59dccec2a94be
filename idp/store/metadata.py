"""The one collection of tables, and the column shapes they share."""

from __future__ import annotations

from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData, String, Text

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

db = SQLAlchemy(metadata=MetaData(naming_convention=NAMING))
"""Only wiring initialises it, once, to make the engine; no `db.session`, no `Model.query`."""

metadata = db.metadata

RowNumber = BigInteger().with_variant(Integer, "sqlite")
"""An auto-incremented primary key on both engines."""


def instant(name: str, *, nullable: bool = False, index: bool = False) -> Column[int]:
    """An `Instant` column: milliseconds since the epoch."""
    return Column(name, BigInteger, nullable=nullable, index=index)


def text(name: str, length: int | None = None, **options: Any) -> Column[str]:
    """A text column, not null unless said."""
    options.setdefault("nullable", False)
    return Column(name, String(length) if length else Text, **options)


def reference(
    name: str, target: str, *, nullable: bool = False, ondelete: str = "CASCADE", **options: Any
) -> Column[Any]:
    """A foreign key of the target column's type."""
    return Column(name, ForeignKey(target, ondelete=ondelete), nullable=nullable, **options)
