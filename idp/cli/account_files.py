"""Reading a CSV of accounts as a stream: hundreds of thousands of lines, a handful of them in memory."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from idp.domain.people.account_records import column_problems
from idp.domain.people.problems import FieldProblem
from idp.usecases.people.imports import Record

LONGEST_LINE = 16_384
"""A longer one is not a line of this format: an unclosed quote would else swallow the file."""


class WrongFile(Exception):
    """The file as a whole cannot be imported."""

    def __init__(self, problems: tuple[FieldProblem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems


@dataclass(slots=True)
class AccountFile:
    """A file of accounts: UTF-8 (with or without a mark), comma or semicolon, its columns named by its first line.

    Each line is one record: a cell may be quoted but holds no line break, so one broken line spoils no other.
    """

    path: Path
    digest: str
    size: int
    header: tuple[str, ...]
    delimiter: str
    bytes_read: int = 0

    @classmethod
    def open(cls, path: Path) -> AccountFile:
        """The file, its digest and its columns.

        Raises:
            WrongFile: its first line names a column that there is not, or lacks one.
        """
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            size = stream.tell()
            stream.seek(0)
            first = _decoded(stream.readline(LONGEST_LINE)).removeprefix("\ufeff")
        delimiter = ";" if first.count(";") > first.count(",") else ","
        header = tuple(cell.strip().lower() for cell in _cells(first, delimiter))
        problems = column_problems(header)
        if problems:
            raise WrongFile(problems)
        return cls(path, digest, size, header, delimiter)

    def records(self, skip: int) -> Iterator[Record]:
        """Every record after the first `skip`. Empty lines are none."""
        with self.path.open("rb") as stream:
            self.bytes_read = len(stream.readline())
            for number, (line, raw) in enumerate(self._lines(stream)):
                if number >= skip:
                    yield self._record(line, raw)

    def _lines(self, stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
        for line, raw in enumerate(stream, start=2):
            self.bytes_read += len(raw)
            if raw.strip():
                yield line, raw

    def _record(self, line: int, raw: bytes) -> Record:
        if len(raw) > LONGEST_LINE:
            return Record(line, {}, (FieldProblem("line", "broken_csv"),))
        try:
            cells = _cells(_decoded(raw), self.delimiter)
        except csv.Error:
            return Record(line, {}, (FieldProblem("line", "broken_csv"),))
        if len(cells) != len(self.header):
            facts = {"found": len(cells), "expected": len(self.header)}
            return Record(line, {}, (FieldProblem("line", "wrong_number_of_cells", facts),))
        return Record(line, dict(zip(self.header, cells, strict=True)))


def _decoded(raw: bytes) -> str:
    # What is no UTF-8 becomes lone surrogates, which are told for the cell that holds them.
    return raw.decode("utf-8", "surrogateescape").rstrip("\r\n")


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter, strict=True), [])
