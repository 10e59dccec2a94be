"""Jobs leased by any runner, and the outbox of messages that leave after commit."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import JSON, Column, Index, Integer, Table, func, insert, select, update

from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.metadata import RowNumber, instant, metadata, text
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
    Column("facts", JSON, nullable=False),
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
    waits = outbox.c.sent_at.is_(None) & outbox.c.abandoned_at.is_(None) & (outbox.c.created_at < created_before)
    return connection.execute(select(func.count()).select_from(outbox).where(waits)).scalar_one()


def touch_probe(connection: Connected, now: Instant) -> None:
    """Write something: whether it can be committed is the question."""
    moved = connection.execute(update(schedules).where(schedules.c.name == PROBE).values(due_at=now)).rowcount
    if not moved:
        insert_once(connection, schedules, {"name": PROBE, "due_at": now})
