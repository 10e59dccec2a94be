"""Whether this deployment can serve, and what an operator should know if not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from idp.domain.platform.instants import HOUR, SECOND, Instant, after
from idp.domain.platform.keys import KeyState, SigningAlgorithm
from idp.store.database import Connected, StoreUnavailable
from idp.store.platform.jobs import late_messages, touch_probe
from idp.store.platform.keys import list_keys
from idp.store.portals.registries import worker_problems
from idp.usecases.deps import Deps

LATE = HOUR
"""A message that waits longer is told to the operator."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Up or down, and one line for each thing looked at. The lines are for operators, never for the public."""

    ready: bool
    details: Mapping[str, str]


def check_readiness(deps: Deps) -> Readiness:
    """Write, then read: a full disk and a locked database answer reads happily."""
    now = deps.clock.now()
    try:
        with deps.transaction() as connection:
            touch_probe(connection, now)
            details = _details(connection, now)
    except StoreUnavailable:
        return Readiness(False, {"database": "cannot be written"})
    return Readiness(details["keys"] == "ok", details)


def _details(connection: Connected, now: Instant) -> dict[str, str]:
    active = {row.key.alg for row in list_keys(connection) if row.key.state is KeyState.ACTIVE}
    missing = [alg for alg in SigningAlgorithm if alg not in active]
    late = late_messages(connection, after(now, -LATE))
    problems = worker_problems(connection, after(now, -15 * SECOND))
    return {
        "database": "ok",
        "keys": f"no active key for {', '.join(missing)}" if missing else "ok",
        "outbox": f"{late} messages wait for more than an hour" if late else "ok",
        "workers": "; ".join(problems) or "ok",
    }
