"""Jobs and repeated tasks are done once however many runners there are, and none of them stops the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Event

import pytest
from sqlalchemy import select, update

from idp.adapters.clock import QuietClock
from idp.adapters.outbound import QuietOutbound
from idp.domain.platform.instants import HOUR, MINUTE
from idp.domain.platform.jobs import JOB_RETRY_AFTER, JobKind, Schedule
from idp.domain.platform.keys import KeyState
from idp.domain.portals.clients import Client, ClientRegistry
from idp.jobs import runner as runner_module
from idp.jobs.handlers import HANDLERS
from idp.jobs.runner import Runner
from idp.jobs.schedules import SCHEDULES, Repeated
from idp.store.database import Database
from idp.store.people.accounts import accounts
from idp.store.platform.jobs import jobs
from idp.store.sign_in.sessions import sessions
from idp.usecases.deps import Deps
from idp.usecases.platform.jobs import enqueue
from idp.usecases.platform.key_rotation import list_signing_keys
from idp.usecases.platform.keys import ensure_keys
from tests.quiet import quiet_deps
from tests.rows import make_account, make_authorization, make_session


@pytest.fixture
def clock() -> QuietClock:
    return QuietClock()


@pytest.fixture
def deps(database: Database, clock: QuietClock) -> Deps:
    return quiet_deps(database, clock=clock)


def queue(deps: Deps, unique_key: str | None = None) -> bool:
    with deps.transaction() as connection:
        return enqueue(connection, deps, JobKind.ROTATE_KEYS, {"alg": "ES256"}, unique_key=unique_key)


def handle_with(monkeypatch: pytest.MonkeyPatch, handler: Callable[..., object]) -> None:
    monkeypatch.setattr(runner_module, "HANDLERS", {JobKind.ROTATE_KEYS: handler})


def test_every_kind_of_job_has_a_handler_and_every_schedule_a_task() -> None:
    assert (set(HANDLERS), set(SCHEDULES)) == (set(JobKind), set(Schedule))


def test_a_job_is_done_once_and_its_unique_key_is_free_again(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []
    handle_with(monkeypatch, lambda _, payload: done.append(payload))
    assert queue(deps, "key")
    one, two = Runner(deps, "one", Event()), Runner(deps, "two", Event())
    assert [one.do_jobs(), two.do_jobs(), one.do_jobs()] == [True, False, False]
    assert done == [{"alg": "ES256"}]
    assert queue(deps, "key")


def test_a_failing_job_is_tried_again_then_given_up_and_tells_its_kind_of_error_only(
    deps: Deps, clock: QuietClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise LookupError("claire@example.fr")

    handle_with(monkeypatch, fail)
    queue(deps)
    runner = Runner(deps, "one", Event())
    for _ in range(len(JOB_RETRY_AFTER) + 1):
        assert runner.do_jobs()
        assert not runner.do_jobs()
        clock.advance(6 * HOUR)
    assert not runner.do_jobs()
    with deps.read() as connection:
        assert connection.execute(select(jobs.c.attempts, jobs.c.last_error)).all() == [(6, "LookupError")]


def test_a_dead_runners_job_goes_to_another(deps: Deps, clock: QuietClock, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    queue(deps)
    handle_with(monkeypatch, die)
    with pytest.raises(Killed):
        Runner(deps, "dead", Event()).do_jobs()
    handle_with(monkeypatch, lambda *_: None)
    other = Runner(deps, "other", Event())
    assert not other.do_jobs()
    clock.advance(2 * MINUTE)
    assert other.do_jobs()


def test_a_repeated_task_runs_once_in_its_interval_whoever_runs_it(
    deps: Deps, clock: QuietClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[str] = []
    tasks = {Schedule.HOUSEKEEPING: Repeated(MINUTE, lambda _: runs.append("run"))}
    monkeypatch.setattr(runner_module, "SCHEDULES", tasks)
    one, two = Runner(deps, "one", Event()), Runner(deps, "two", Event())
    for expected in (1, 2):
        one.once()
        two.once()
        assert len(runs) == expected
        clock.advance(MINUTE)


def test_a_failing_task_stops_neither_the_runner_nor_its_next_turn(
    deps: Deps, clock: QuietClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[str] = []

    def fail(_: Deps) -> None:
        runs.append("run")
        raise LookupError

    monkeypatch.setattr(runner_module, "SCHEDULES", {Schedule.HOUSEKEEPING: Repeated(MINUTE, fail)})
    runner = Runner(deps, "one", Event())
    runner.once()
    clock.advance(MINUTE)
    runner.once()
    assert len(runs) == 2


def test_the_runner_publishes_next_keys_and_rotates_by_itself(deps: Deps, clock: QuietClock) -> None:
    ensure_keys(deps)
    runner = Runner(deps, "one", Event())
    clock.advance(1000)
    runner.once()
    clock.advance(deps.lifetimes.key_active)
    runner.once()
    states = dict.fromkeys(KeyState, 0)
    for key in list_signing_keys(deps):
        states[key.state] += 1
    assert states == {KeyState.NEXT: 4, KeyState.ACTIVE: 4, KeyState.RETIRED: 4, KeyState.COMPROMISED: 0}


def test_the_loop_ends_when_it_is_told(deps: Deps) -> None:
    stop = Event()
    stop.set()
    Runner(deps, "one", stop).run()


def test_after_a_cut_off_the_portals_hear_of_the_sessions_that_ended_and_younger_ones_stay(
    deps: Deps, clock: QuietClock
) -> None:
    portal = Client("formation", backchannel_logout_uri="https://formation.example.fr/bye")
    registry = ClientRegistry("d", {"formation": portal})
    outbound = QuietOutbound()
    deps = replace(deps, registry=lambda: registry, outbound=outbound)
    ensure_keys(deps)
    account_id = make_account(deps)
    make_authorization(deps, make_session(deps, account_id, "old"), "formation")
    clock.advance(MINUTE)
    with deps.transaction() as connection:
        connection.execute(update(accounts).values(valid_from=clock.now()))
        enqueue(connection, deps, JobKind.CUT_OFF_ACCOUNT, {"subject": "Moutin"})
    make_authorization(deps, make_session(deps, account_id, "young"), "formation")
    Runner(deps, "one", Event()).once()
    assert [url for _, url, _ in outbound.calls] == ["https://formation.example.fr/bye"]
    with deps.read() as connection:
        ended = connection.scalars(select(sessions.c.id).where(sessions.c.ended_at.is_not(None))).all()
    assert ended == ["old"]


def test_when_someone_else_takes_a_browser_over_the_portals_of_the_session_before_hear_of_it(deps: Deps) -> None:
    portal = Client("formation", backchannel_logout_uri="https://formation.example.fr/bye")
    registry = ClientRegistry("d", {"formation": portal})
    outbound = QuietOutbound()
    deps = replace(deps, registry=lambda: registry, outbound=outbound)
    ensure_keys(deps)
    account_id = make_account(deps)
    for name in ("replaced", "other"):
        make_authorization(deps, make_session(deps, account_id, name), "formation")
    with deps.transaction() as connection:
        enqueue(connection, deps, JobKind.SESSION_REPLACED, {"session": "replaced", "subject": "Moutin"})
    Runner(deps, "one", Event()).once()
    assert ["https://formation.example.fr/bye"] == [url for _, url, _ in outbound.calls]
