"""Jobs leased by any runner, and the outbox of messages that leave after commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import JSON, Column, Index, Integer, LargeBinary, Table, and_, func, insert, or_, select, update

from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.metadata import RowNumber, instant, metadata, text
from idp.store.platform.leases import lease_rows
from idp.store.unique_insert import insert_once

jobs = Table(
    "jobs",
    metadata,
    Column("id", RowNumber, primary_key=True, autoincrement=True),
    text("kind", 48),
    Column("payload", JSON, nullable=False),
    text("unique_key", 128, nullable=True, unique=True),  # at most one open job of this key
    instant("run_at", index=True),
    text("leased_by", 64, default=""),
    instant("leased_until", nullable=True),
    Column("attempts", Integer, nullable=False, default=0),
    text("last_error", default=""),
    instant("finished_at", nullable=True),
    instant("expires_at", nullable=True, index=True),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", RowNumber, primary_key=True, autoincrement=True),
    text("message", 48),  # a member of the closed list Message
    text("recipient", 254),
    text("locale", 8),
    text("theme", 64),
    Column("facts_sealed", LargeBinary, nullable=False),  # emptied once sent or abandoned
    text("key_encryption_key_id", 16),
    instant("created_at"),
    instant("next_attempt_at", index=True),
    text("leased_by", 64, default=""),
    instant("leased_until", nullable=True),
    Column("attempts", Integer, nullable=False, default=0),
    text("last_error", default=""),
    instant("sent_at", nullable=True),
    instant("abandoned_at", nullable=True),
    instant("expires_at", index=True),
    Index("ix_outbox_open", "sent_at", "abandoned_at", "next_attempt_at"),
)

schedules = Table(
    "schedules",
    metadata,
    text("name", 48, primary_key=True),  # a repeated job: who ran it last, and when it is due
    instant("due_at"),
    text("leased_by", 64, default=""),
    instant("leased_until", nullable=True),
)


OPEN_MESSAGE = and_(outbox.c.sent_at.is_(None), outbox.c.abandoned_at.is_(None))
PROBE = "probe"
"""The row that readiness writes."""


def insert_message(connection: Connected, row: Mapping[str, object]) -> None:
    """Put one message in the outbox."""
    connection.execute(insert(outbox).values(row))


def insert_job(connection: Connected, row: Mapping[str, object]) -> bool:
    """Queue one job; False when an open job has the same unique key."""
    return insert_once(connection, jobs, row)


def late_messages(connection: Connected, created_before: Instant) -> int:
    """How many messages older than that still wait."""
    waits = and_(OPEN_MESSAGE, outbox.c.created_at < created_before)
    return connection.execute(select(func.count()).select_from(outbox).where(waits)).scalar_one()


def touch_probe(connection: Connected, now: Instant) -> None:
    """Write something: whether it can be committed is the question."""
    moved = connection.execute(update(schedules).where(schedules.c.name == PROBE).values(due_at=now)).rowcount
    if not moved:
        insert_once(connection, schedules, {"name": PROBE, "due_at": now})


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A message as it is stored."""

    id: int
    message: str
    recipient: str
    locale: str
    theme: str
    facts_sealed: bytes
    key_encryption_key_id: str
    created_at: Instant
    attempts: int


def lease_messages(connection: Connected, runner: str, now: Instant, until: Instant, limit: int) -> list[OutboxRow]:
    """The oldest messages that may be tried now, leased to this runner."""
    rows = lease_rows(
        connection,
        outbox,
        and_(OPEN_MESSAGE, outbox.c.next_attempt_at <= now),
        (outbox.c.next_attempt_at, outbox.c.id),
        runner=runner,
        now=now,
        until=until,
        limit=limit,
    )
    return [_outbox_row(row) for row in rows]


def settle_message(connection: Connected, message_id: int, runner: str, values: Mapping[str, object]) -> bool:
    """Write how an attempt ended and give the lease back; False when the lease was lost meanwhile."""
    here = (outbox.c.id == message_id) & (outbox.c.leased_by == runner) & OPEN_MESSAGE
    given_back = {"leased_by": "", "leased_until": None}
    return connection.execute(update(outbox).where(here).values({**values, **given_back})).rowcount == 1


def list_sealed_messages(connection: Connected, *, but: str) -> list[OutboxRow]:
    """Waiting messages that are sealed under another key than this."""
    found = select(outbox).where(OPEN_MESSAGE, outbox.c.key_encryption_key_id != but).order_by(outbox.c.id)
    return [_outbox_row(row) for row in connection.execute(found).mappings()]


def reseal_message(connection: Connected, message_id: int, sealed: bytes, key_id: str, was: str) -> bool:
    """Replace the sealing of a message's facts; False when it left meanwhile."""
    here = (outbox.c.id == message_id) & (outbox.c.key_encryption_key_id == was) & OPEN_MESSAGE
    values = {"facts_sealed": sealed, "key_encryption_key_id": key_id}
    return connection.execute(update(outbox).where(here).values(values)).rowcount == 1


def _outbox_row(row: Mapping[Any, Any]) -> OutboxRow:
    return OutboxRow(**{item.name: row[item.name] for item in fields(OutboxRow)})


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as it is stored."""

    id: int
    kind: str
    payload: Mapping[str, str | int]
    attempts: int


def lease_jobs(connection: Connected, runner: str, now: Instant, until: Instant, limit: int) -> list[JobRow]:
    """The oldest jobs that may be done now, leased to this runner."""
    rows = lease_rows(
        connection,
        jobs,
        and_(jobs.c.finished_at.is_(None), jobs.c.run_at <= now),
        (jobs.c.run_at, jobs.c.id),
        runner=runner,
        now=now,
        until=until,
        limit=limit,
    )
    return [JobRow(row["id"], row["kind"], row["payload"], row["attempts"]) for row in rows]


def settle_job(connection: Connected, job_id: int, runner: str, values: Mapping[str, object]) -> bool:
    """Write how a job ended and give the lease back; False when the lease was lost meanwhile."""
    here = (jobs.c.id == job_id) & (jobs.c.leased_by == runner) & jobs.c.finished_at.is_(None)
    given_back = {"leased_by": "", "leased_until": None}
    return connection.execute(update(jobs).where(here).values({**values, **given_back})).rowcount == 1


def add_schedule(connection: Connected, name: str, due_at: Instant) -> bool:
    """Make a repeated task known; False when it is."""
    return insert_once(connection, schedules, {"name": name, "due_at": due_at})


def lease_schedule(connection: Connected, name: str, runner: str, now: Instant, until: Instant) -> bool:
    """Whether the task is due and this runner is the one to do it: one conditional UPDATE."""
    free = or_(schedules.c.leased_until.is_(None), schedules.c.leased_until <= now)
    here = and_(schedules.c.name == name, schedules.c.due_at <= now, free)
    values = {"leased_by": runner, "leased_until": until}
    return connection.execute(update(schedules).where(here).values(values)).rowcount == 1


def settle_schedule(connection: Connected, name: str, runner: str, due_at: Instant) -> bool:
    """Give the task back, due again then; False when the lease was lost meanwhile."""
    here = and_(schedules.c.name == name, schedules.c.leased_by == runner)
    values = {"due_at": due_at, "leased_by": "", "leased_until": None}
    return connection.execute(update(schedules).where(here).values(values)).rowcount == 1
