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
from idp.usecases.sign_in.sign_in_links import mail_delayed_owners
from idp.usecases.sign_in.siret_alerts import raise_siret_alerts


@dataclass(frozen=True, slots=True)
class Repeated:
    """A use case, and the milliseconds between its end and its next start."""

    every: int
    run: Callable[[Deps], object]


JOBS = Actor(ActorRole.SYSTEM, "jobs")

SCHEDULES: Mapping[Schedule, Repeated] = {
    Schedule.ROTATE_KEYS: Repeated(MINUTE, lambda deps: rotate_due_keys(deps, JOBS)),
    Schedule.HOUSEKEEPING: Repeated(10 * MINUTE, delete_everything_expired),
    Schedule.MAIL_DELAYED_OWNERS: Repeated(MINUTE, lambda deps: mail_delayed_owners(deps, JOBS)),
    Schedule.RAISE_SIRET_ALERTS: Repeated(MINUTE, lambda deps: raise_siret_alerts(deps, JOBS)),
}
