"""Reading the trail: for operators, newest first."""

from __future__ import annotations

from collections.abc import Sequence

from idp.domain.platform.instants import Instant
from idp.store.platform.audit import AuditRow, TrailFilter, read_trail
from idp.usecases.deps import Deps


def list_audit(
    deps: Deps,
    *,
    events: Sequence[str] = (),
    subject: str = "",
    client_id: str = "",
    since: Instant | None = None,
    limit: int = 100,
) -> list[AuditRow]:
    """The newest events that fit, the newest first."""
    with deps.read() as connection:
        return read_trail(connection, TrailFilter(tuple(events), subject, client_id, since), limit)
