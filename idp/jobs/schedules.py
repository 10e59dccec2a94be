"""What is done again and again, and how often. Any number of runners may run; one does it each time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.platform.instants import MINUTE
from idp.domain.platform.jobs import Schedule
from idp.usecases.deps import Deps
from idp.usecases.platform.housekeeping import delete_everything_expired
from idp.usecases.platform.key_rotation import rotate_due_keys


@dataclass(frozen=True, slots=True)
class Repeated:
    """A use case, and the milliseconds between its end and its next start."""

    every: int
    run: Callable[[Deps], object]


SCHEDULES: Mapping[Schedule, Repeated] = {
    Schedule.ROTATE_KEYS: Repeated(MINUTE, lambda deps: rotate_due_keys(deps, Actor(ActorRole.SYSTEM, "jobs"))),
    Schedule.HOUSEKEEPING: Repeated(10 * MINUTE, delete_everything_expired),
}
