"""Client registries that were accepted (the newest is "last good"), and the workers that report which they use."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Integer, Table, select

from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.metadata import instant, metadata, text

client_registries = Table(
    "client_registries",
    metadata,
    text("digest", 64, primary_key=True),
    Column("content", JSON, nullable=False),  # normalised, with secret digests, never secrets
    instant("accepted_at", index=True),
)

workers = Table(
    "workers",
    metadata,
    text("id", 32, primary_key=True),
    text("host"),
    Column("pid", Integer, nullable=False),
    text("registry_digest", 64),
    Column("key_version", Integer, nullable=False),
    text("problem", default=""),
    instant("seen_at", index=True),
)


def worker_problems(connection: Connected, seen_after: Instant) -> list[str]:
    """What each live worker has to say, as `host/pid: problem`."""
    here = (workers.c.seen_at > seen_after) & (workers.c.problem != "")
    rows = connection.execute(select(workers).where(here).order_by(workers.c.host, workers.c.pid)).mappings()
    return [f"{row['host']}/{row['pid']}: {row['problem']}" for row in rows]
