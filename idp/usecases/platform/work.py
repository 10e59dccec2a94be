"""Jobs and repeated tasks: leased by one runner, given to another when it dies, tried again when they fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from idp.domain.platform.instants import after
from idp.domain.platform.jobs import JobKind, Schedule, next_try
from idp.domain.platform.metrics import Metric
from idp.store.platform.jobs import (
    add_schedule,
    lease_jobs,
    settle_job,
    settle_schedule,
)
from idp.store.platform.jobs import lease_schedule as lease_row
from idp.usecases.deps import Deps, log_on_commit

AT_ONCE = 5


@dataclass(frozen=True, slots=True)
class WaitingJob:
    """A job that this runner alone may do now."""

    id: int
    kind: JobKind
    payload: Mapping[str, str | int]
    attempts: int


def lease_work(deps: Deps, runner: str) -> list[WaitingJob]:
    """The jobs to do now."""
    now = deps.clock.now()
    with deps.transaction() as connection:
        rows = lease_jobs(connection, runner, now, after(now, deps.lifetimes.lease), AT_ONCE)
    known = set(JobKind)  # a job of a newer version waits until its lease ends and a newer runner comes
    return [WaitingJob(row.id, JobKind(row.kind), row.payload, row.attempts) for row in rows if row.kind in known]


def settle_work(deps: Deps, runner: str, job: WaitingJob, *, error: str = "") -> None:
    """Write how the job ended: done, to be tried again, or given up; its unique key is free once it is closed."""
    now = deps.clock.now()
    attempts = job.attempts + 1
    again = next_try(attempts, now) if error else None
    values: dict[str, object] = {"attempts": attempts, "last_error": error}
    if again is not None:
        values["run_at"] = again
    else:
        ends = {"finished_at": now, "unique_key": None, "expires_at": after(now, deps.lifetimes.finished_job)}
        values.update(ends)
    outcome = "delayed" if again is not None else "given_up" if error else "done"
    with deps.transaction() as connection:
        if settle_job(connection, job.id, runner, values):
            log_on_commit(connection, f"job.{outcome}", {"kind": job.kind, "id": job.id, "error": error})
    deps.metrics.count(Metric.JOBS, kind=job.kind, outcome=outcome)


def know_schedules(deps: Deps) -> None:
    """Make every repeated task known to the database, due now."""
    with deps.transaction() as connection:
        for schedule in Schedule:
            add_schedule(connection, schedule, deps.clock.now())


def lease_schedule(deps: Deps, runner: str, schedule: Schedule) -> bool:
    """Whether this runner shall do the task now."""
    now = deps.clock.now()
    with deps.transaction() as connection:
        return lease_row(connection, schedule, runner, now, after(now, deps.lifetimes.lease))


def settle_schedule_run(deps: Deps, runner: str, schedule: Schedule, every: int) -> None:
    """Give the task back, due again after `every` milliseconds."""
    with deps.transaction() as connection:
        settle_schedule(connection, schedule, runner, after(deps.clock.now(), every))
