"""Client registries that were accepted (the newest is "last good"), and the workers that report which they use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import JSON, Column, Integer, Table, delete, select, update

from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.metadata import instant, metadata, text
from idp.store.portals.authorizations import client_cutoffs
from idp.store.unique_insert import insert_once

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


@dataclass(frozen=True, slots=True)
class AcceptedRegistry:
    """A registry that was accepted, as plain data."""

    digest: str
    content: Mapping[str, Any]
    accepted_at: Instant


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """What one process says of itself. `problem` is "" when it uses what the files say."""

    id: str
    host: str
    pid: int
    registry_digest: str
    key_version: int
    problem: str = ""

    @property
    def name(self) -> str:
        """How operators know it."""
        return f"{self.host}/{self.pid}"


def newest_registry(connection: Connected) -> AcceptedRegistry | None:
    """The one accepted last: "last good"."""
    table = client_registries.c
    query = select(table.digest, table.content, table.accepted_at).order_by(table.accepted_at.desc()).limit(1)
    row = connection.execute(query).first()
    return AcceptedRegistry(row.digest, row.content, row.accepted_at) if row else None


def keep_registry(
    connection: Connected, digest: str, content: Mapping[str, Any], now: Instant, newest_at: Instant
) -> bool:
    """Make this registry the newest; False when another process has done it since `newest_at` was read.

    A new one comes by a unique INSERT, one that was accepted before comes back by one conditional UPDATE.
    """
    row = {"digest": digest, "content": content, "accepted_at": now}
    if insert_once(connection, client_registries, row):
        return True
    older = (client_registries.c.digest == digest) & (client_registries.c.accepted_at < newest_at)
    return connection.execute(update(client_registries).where(older).values(row)).rowcount == 1


def forget_registries(connection: Connected, before: Instant) -> None:
    """Forget what was accepted before that instant."""
    connection.execute(delete(client_registries).where(client_registries.c.accepted_at < before))


def cut_off(connection: Connected, client_id: str, valid_from: Instant) -> None:
    """What was given to this client before `valid_from` is dead from now on."""
    row = {"client_id": client_id, "valid_from": valid_from}
    if not insert_once(connection, client_cutoffs, row):
        earlier = (client_cutoffs.c.client_id == client_id) & (client_cutoffs.c.valid_from < valid_from)
        connection.execute(update(client_cutoffs).where(earlier).values(valid_from=valid_from))


def renew_worker(connection: Connected, worker: WorkerRow, now: Instant) -> None:
    """This process is alive, and says this of itself."""
    row = {**asdict(worker), "seen_at": now}
    if not insert_once(connection, workers, row):
        connection.execute(update(workers).where(workers.c.id == worker.id).values(row))


def live_workers(connection: Connected, seen_after: Instant) -> list[WorkerRow]:
    """The processes that were seen after that instant."""
    columns = [workers.c[item.name] for item in fields(WorkerRow)]
    alive = select(*columns).where(workers.c.seen_at > seen_after).order_by(workers.c.host, workers.c.pid)
    return [WorkerRow(*row) for row in connection.execute(alive)]


def forget_workers(connection: Connected, before: Instant) -> None:
    """Forget processes that were last seen before that instant."""
    connection.execute(delete(workers).where(workers.c.seen_at < before))


def worker_problems(connection: Connected, seen_after: Instant) -> list[str]:
    """What each live worker has to say, as `host/pid: problem`."""
    here = (workers.c.seen_at > seen_after) & (workers.c.problem != "")
    rows = connection.execute(select(workers).where(here).order_by(workers.c.host, workers.c.pid)).mappings()
    return [f"{row['host']}/{row['pid']}: {row['problem']}" for row in rows]
