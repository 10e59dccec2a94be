"""Statements that PostgreSQL has prepared, sent by libpq itself.

A cursor of psycopg asks at every statement how it is written, whether it is prepared and whether the socket may be
read: twice the CPU of sending it, and twice its time. psycopg still writes the values and reads the rows.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.adapt import AdaptersMap, PyFormat, Transformer
from psycopg.types.string import TextLoader

from idp.store.connected import Connected
from idp.store.pipeline import Message, checked, send

PARAMETER = re.compile(r"%\((\w+)\)s")
NOTHING: tuple[tuple[Any, ...], int] = ((), 0)

_names = itertools.count()


@dataclass(frozen=True, slots=True)
class LibpqStatement:
    """One statement in PostgreSQL's own words, `$1` for the first of `names`."""

    name: bytes
    sql: bytes
    names: tuple[str, ...]
    formats: tuple[PyFormat, ...]

    def run(self, connection: Connected, parameters: Mapping[str, Any], *, awaited: bool) -> tuple[Sequence[Any], int]:
        """Its rows, and how many rows it touched; in a transaction nothing of one that is not `awaited`, which goes
        with the next that is.

        Raises:
            psycopg.Error: as a cursor would.
        """
        pgconn = connection.driver.pgconn
        transformer = connection.transformer
        if transformer is None:
            transformer = connection.transformer = _transformer(connection.driver)
        if self.name not in connection.prepared:
            checked(pgconn.prepare(self.name, self.sql))
            connection.prepared.add(self.name)
        values = transformer.dump_sequence([parameters[name] for name in self.names], self.formats)
        message = Message(self.name, values)
        if not awaited and not connection.is_reading:
            connection.waiting.append(message)
            return NOTHING
        result = send(pgconn, connection.waiting, message)
        transformer.set_pgresult(result)
        return transformer.load_rows(0, result.ntuples, tuple), result.command_tuples or 0


@dataclass(frozen=True, slots=True)
class Context:
    """How one connection's values are read (psycopg.abc.AdaptContext)."""

    connection: Any
    adapters: AdaptersMap


def _transformer(driver: Any) -> Any:
    """psycopg's, but that JSON stays text: what is made of it is for prepared.py to say, as on SQLite."""
    adapters = AdaptersMap(driver.adapters)
    for name in ("json", "jsonb"):
        adapters.register_loader(name, TextLoader)
    return Transformer.from_context(Context(driver, adapters))


def libpq_statement(sql: str) -> LibpqStatement:
    """A statement that SQLAlchemy has written for psycopg."""
    names = tuple(PARAMETER.findall(sql))
    numbers = itertools.count(1)
    numbered = PARAMETER.sub(lambda _: f"${next(numbers)}", sql).replace("%%", "%")
    return LibpqStatement(b"mire_%d" % next(_names), numbered.encode(), names, (PyFormat.TEXT,) * len(names))
