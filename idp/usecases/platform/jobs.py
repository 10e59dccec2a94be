"""The step that leaves work for a runner, in the transaction of the change it follows."""

from __future__ import annotations

from collections.abc import Mapping

from idp.domain.platform.instants import Instant
from idp.domain.platform.jobs import JobKind
from idp.store.database import Connected
from idp.store.platform.jobs import insert_job
from idp.usecases.deps import Deps


def enqueue(
    connection: Connected,
    deps: Deps,
    kind: JobKind,
    payload: Mapping[str, str | int],
    *,
    unique_key: str | None = None,
    run_at: Instant | None = None,
) -> bool:
    """Queue one job in the open transaction; False when an open job has this unique key already."""
    row = {
        "kind": kind,
        "payload": dict(payload),
        "unique_key": unique_key,
        "run_at": deps.clock.now() if run_at is None else run_at,
    }
    return insert_job(connection, row)
