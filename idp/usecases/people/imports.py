"""Importing a file of accounts, batch by batch: each batch and the place reached in the file are one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from idp.domain.people.account_records import read_record
from idp.domain.people.new_accounts import CheckedAccount, NewAccount
from idp.domain.people.problems import FieldProblem
from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent
from idp.store.database import Connected
from idp.store.people.account_imports import ImportProgress, find_progress, move_progress
from idp.store.people.accounts import find_by_triplet
from idp.usecases.deps import Deps
from idp.usecases.people.new_account_steps import Created, NotAccepted, add_account, check_account

TAKEN = FieldProblem("triplet", "triplet_taken")


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the file: its number for people, and its cells by column; or what kept it from being read."""

    line: int
    cells: dict[str, str]
    problems: tuple[FieldProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that made no account, and why."""

    line: int
    problems: tuple[FieldProblem, ...]


@dataclass(frozen=True, slots=True)
class BatchDone:
    """Where the import stands now, and which lines of this batch were refused."""

    progress: ImportProgress
    refused: tuple[RefusedLine, ...]


@dataclass(frozen=True, slots=True)
class Overtaken:
    """Another run of the same file was quicker; nothing of this batch was written."""


class _OvertakenError(Exception):
    """Rolls the batch back."""


@dataclass(frozen=True, slots=True)
class _Ready:
    line: int
    new: NewAccount
    checked: CheckedAccount
    password_hash: str | None


def import_progress(deps: Deps, file_digest: str) -> ImportProgress:
    """How far an earlier run of this very file has come."""
    with deps.read() as connection:
        return find_progress(connection, file_digest)


def import_batch(
    deps: Deps, actor: Actor, file_digest: str, before: ImportProgress, records: Sequence[Record]
) -> BatchDone | Overtaken:
    """Make the accounts of these records. An account that is there already, exactly so, is kept and counted."""
    with deps.read() as connection:
        readings = [_read(connection, deps, file_digest, record) for record in records]
    refused = [reading for reading in readings if isinstance(reading, RefusedLine)]
    ready = [_hashed(deps, reading) for reading in readings if isinstance(reading, _Ready)]
    try:
        with deps.transaction() as connection:
            outcomes = [_add(connection, deps, actor, item) for item in ready]
            refused += [outcome for outcome in outcomes if isinstance(outcome, RefusedLine)]
            after = ImportProgress(
                records_done=before.records_done + len(records),
                created=before.created + sum(outcome is True for outcome in outcomes),
                kept=before.kept + sum(outcome is False for outcome in outcomes),
                refused=before.refused + len(refused),
            )
            if not move_progress(connection, file_digest, before, after, deps.clock.now()):
                raise _OvertakenError
    except _OvertakenError:
        return Overtaken()
    return BatchDone(after, _in_order(refused))


def try_batch(
    deps: Deps, file_digest: str, before: ImportProgress, records: Sequence[Record], seen: dict[int, int]
) -> BatchDone:
    """What `import_batch` would say, without a write. `seen` gathers, as hashes, the accounts of the whole file."""
    refused: list[RefusedLine] = []
    created = kept = 0
    with deps.read() as connection:
        for record in records:
            reading = _read(connection, deps, file_digest, record)
            if isinstance(reading, RefusedLine):
                refused.append(reading)
                continue
            there = _there(connection, reading, seen)
            if there is None:
                created += 1
                seen[hash(reading.checked.triplet)] = hash(_told(reading))
            elif there == hash(_told(reading)):
                kept += 1
            else:
                refused.append(RefusedLine(record.line, (TAKEN,)))
    done = before.records_done + len(records)
    progress = ImportProgress(done, before.created + created, before.kept + kept, before.refused + len(refused))
    return BatchDone(progress, _in_order(refused))


def _in_order(refused: Sequence[RefusedLine]) -> tuple[RefusedLine, ...]:
    return tuple(sorted(refused, key=lambda item: item.line))


def _read(connection: Connected, deps: Deps, file_digest: str, record: Record) -> _Ready | RefusedLine:
    new = record.problems or read_record(record.cells, file_digest)
    if isinstance(new, tuple):
        return RefusedLine(record.line, new)
    checked = check_account(connection, deps, new)
    return RefusedLine(record.line, checked) if isinstance(checked, tuple) else _Ready(record.line, new, checked, None)


def _hashed(deps: Deps, ready: _Ready) -> _Ready:
    password = ready.new.password
    return ready if password is None else replace(ready, password_hash=deps.hasher.hash(password))


def _add(connection: Connected, deps: Deps, actor: Actor, ready: _Ready) -> bool | RefusedLine:
    """Whether the account was made; False when it was there already, exactly so."""
    made = add_account(
        connection, deps, actor, ready.new, ready.checked, ready.password_hash, AuditEvent.ACCOUNT_IMPORTED
    )
    if isinstance(made, Created):
        return True
    if isinstance(made, NotAccepted):
        return RefusedLine(ready.line, made.problems)
    return False if _there(connection, ready, {}) == hash(_told(ready)) else RefusedLine(ready.line, (TAKEN,))


def _told(ready: _Ready) -> tuple[str, ...]:
    """What a line says of its account, by which a corrected file can be imported again."""
    checked = ready.checked
    return checked.family_name, checked.given_name, checked.email, ready.new.role


def _there(connection: Connected, ready: _Ready, seen: Mapping[int, int]) -> int | None:
    """The hash of what is said of this triplet's account by the file so far or the database; None: there is none."""
    triplet = ready.checked.triplet
    if hash(triplet) in seen:
        return seen[hash(triplet)]
    found = find_by_triplet(connection, triplet)
    if found is None:
        return None
    return hash((found.account.family_name, found.account.given_name, found.account.email, str(found.account.role)))
