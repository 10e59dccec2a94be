"""Statements of the hot paths: written in SQLAlchemy Core, compiled once, run without its machinery.

Core's way of running a statement costs five times what the statement itself does (measured on a join of six tables:
0.30 ms against 0.06 ms), in cache keys, contexts and result metadata that a statement that never changes does not need.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import JSON, Dialect, LargeBinary
from sqlalchemy.sql import Executable
from sqlalchemy.types import TypeEngine

from idp.store.connected import Connected
from idp.store.libpq import LibpqStatement, libpq_statement

Processor = Callable[[Any], Any]
Rows = Sequence[tuple[Any, ...]]
LISTENERS: list[Callable[[Connected, str, Mapping[str, Any]], None]] = []
"""Told of each statement before it is sent, for tests that count them: SQLAlchemy's events are of its own."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """One statement in the words of one database."""

    sql: str
    in_order: Callable[[Mapping[str, Any]], Sequence[Any]]
    """The parameters as the driver of SQLite takes them."""
    by_libpq: LibpqStatement | None
    """How PostgreSQL is asked."""
    constants: Mapping[str, Any]
    """Parameters that are written in the statement itself."""
    into: tuple[tuple[str, Processor], ...]
    out_of: tuple[tuple[int, Processor], ...]

    def filled(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Every parameter, as the driver takes it."""
        if not (self.constants or self.into):
            return values
        parameters = {**self.constants, **values}
        for name, process in self.into:
            parameters[name] = process(parameters[name])
        return parameters

    def read(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """A row of the driver's, as Core would give it."""
        if not self.out_of:
            return row
        converted = list(row)
        for index, process in self.out_of:
            converted[index] = process(converted[index])
        return tuple(converted)

    def run(self, connection: Connected, parameters: Mapping[str, Any], *, awaited: bool) -> tuple[Rows, int]:
        """The driver's rows, and how many rows were touched."""
        if self.by_libpq is not None:
            return self.by_libpq.run(connection, parameters, awaited=awaited)
        cursor = connection.cursor
        cursor.execute(self.sql, self.in_order(parameters))
        if cursor.description is None:
            return (), cursor.rowcount
        return cursor.fetchall(), cursor.rowcount  # to the end: one left half read would keep its snapshot


class Prepared:
    """A statement whose every variable part is a bindparam (or, for an INSERT, one of `columns`).

    One that the databases write differently (ON CONFLICT) is given as a function of the dialect's name.
    """

    def __init__(
        self, statement: Executable | Callable[[str], Executable], columns: Sequence[str] | None = None
    ) -> None:
        self._statement = statement
        self._columns = columns
        self._compiled: dict[str, Compiled] = {}

    def first(self, connection: Connected, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The first row, in the order of the columns, or None."""
        compiled = self._for(connection)
        rows, _ = self._run(connection, compiled, values)
        return compiled.read(rows[0]) if rows else None

    def all(self, connection: Connected, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Every row, in the order of the columns."""
        compiled = self._for(connection)
        rows, _ = self._run(connection, compiled, values)
        return [compiled.read(row) for row in rows]

    def run(self, connection: Connected, values: Mapping[str, Any]) -> int:
        """Write; how many rows it touched."""
        return self._run(connection, self._for(connection), values)[1]

    def write(self, connection: Connected, values: Mapping[str, Any]) -> None:
        """Write what cannot fail but by the database's fault, and need not be heard of before the commit: PostgreSQL
        is told with the next statement, or with the commit itself."""
        self._run(connection, self._for(connection), values, awaited=False)

    def _for(self, connection: Connected) -> Compiled:
        return self._compiled.get(connection.dialect.name) or self._compile(connection.dialect)

    @staticmethod
    def _run(
        connection: Connected, compiled: Compiled, values: Mapping[str, Any], *, awaited: bool = True
    ) -> tuple[Rows, int]:
        parameters = compiled.filled(values)
        for listen in LISTENERS:
            listen(connection, compiled.sql, parameters)
        try:
            return compiled.run(connection, parameters, awaited=awaited)
        except connection.dialect.loaded_dbapi.Error as error:
            # What Core does with a driver's error: wraps it, and drops a connection that is gone.
            connection._handle_dbapi_exception(error, compiled.sql, parameters, None, None)

    def _compile(self, dialect: Dialect) -> Compiled:
        statement: Any = self._statement(dialect.name) if callable(self._statement) else self._statement
        made: Any = statement.compile(dialect=dialect, column_keys=self._columns)
        into = [
            (name, process)
            for bind, name in made.bind_names.items()
            if (process := _writer(bind.type, dialect)) is not None
        ]
        columns: Sequence[Any] = tuple(statement.exported_columns)
        out_of = [(at, process) for at, column in enumerate(columns) if (process := _reader(column.type, dialect))]
        constants = {
            name: bind.value for bind, name in made.bind_names.items() if not bind.required and bind.value is not None
        }
        names = tuple(made.positiontup) if made.positional else ()
        by_libpq = None if made.positional else libpq_statement(str(made))
        compiled = Compiled(str(made), _picker(names), by_libpq, constants, tuple(into), tuple(out_of))
        self._compiled[dialect.name] = compiled
        return compiled


def _picker(names: Sequence[str]) -> Callable[[Mapping[str, Any]], Sequence[Any]]:
    if len(names) > 1:
        return itemgetter(*names)  # which gives one of one name as it is
    return lambda parameters: [parameters[name] for name in names]


# Bytes are bytes to both drivers, and JSON is text: Core and psycopg would wrap and unwrap them.


def _writer(kind: TypeEngine[Any], dialect: Dialect) -> Processor | None:
    if isinstance(kind, JSON):
        return _to_json
    return None if isinstance(kind, LargeBinary) else kind.dialect_impl(dialect).bind_processor(dialect)


def _reader(kind: TypeEngine[Any], dialect: Dialect) -> Processor | None:
    if isinstance(kind, JSON):
        return _from_json
    return None if isinstance(kind, LargeBinary) else kind.dialect_impl(dialect).result_processor(dialect, None)


_written = json.JSONEncoder().encode
_scanned = json.JSONDecoder().raw_decode
"""What a database writes begins with the value and ends with it: `loads` looks for spaces around."""


def _to_json(value: Any) -> str:
    return "null" if value is None else _written(value)


def _from_json(text: str | None) -> Any:
    return None if text is None or text == "null" else _scanned(text)[0]
