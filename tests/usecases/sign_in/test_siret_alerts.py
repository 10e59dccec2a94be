"""A SIRET under attack delays nobody and is told to those who can look."""

from __future__ import annotations

from sqlalchemy import select

from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.platform.instants import DAY
from idp.store.platform.audit import audit_events
from idp.store.platform.jobs import outbox
from idp.usecases.sign_in.siret_alerts import raise_siret_alerts
from tests.rows import SIRET
from tests.usecases.sign_in.conftest import Door

JOBS = Actor(ActorRole.SYSTEM, "jobs")


def guess(door: Door, tries: int, siret: str = SIRET) -> None:
    for number in range(tries):
        door.knock(siret=siret, family_name=f"N {'x' * (number % 60 + 1)}", address=f"198.51.{number}.1")


def alerts(door: Door) -> list[dict[str, object]]:
    with door.deps.read() as connection:
        raised = select(audit_events.c.facts).where(audit_events.c.event == "throttle.siret_alert_raised")
        return list(connection.execute(raised).scalars())


def recipients(door: Door) -> list[str]:
    with door.deps.read() as connection:
        return sorted(connection.execute(select(outbox.c.recipient)).scalars())


def test_a_hundred_tries_raise_the_alert_once_a_day(door: Door) -> None:
    door.add_person("Clerk", role="declarant")
    door.add_person("Unproven", email_verified_at=None)
    guess(door, 99)
    assert 0 == raise_siret_alerts(door.deps, JOBS)
    guess(door, 1)
    assert 1 == raise_siret_alerts(door.deps, JOBS)
    assert 0 == raise_siret_alerts(door.deps, JOBS)
    assert [{"siret": SIRET, "siret_tries": 100}] == alerts(door)
    assert ["moutin@example.fr"] == recipients(door)
    door.wait(DAY)
    guess(door, 100)
    assert 1 == raise_siret_alerts(door.deps, JOBS)


def test_a_siret_that_nobody_has_raises_it_too(door: Door) -> None:
    guess(door, 100, "97050551700072")
    assert 1 == raise_siret_alerts(door.deps, JOBS)
    assert [] == recipients(door)


def test_malformed_sirets_raise_none(door: Door) -> None:
    guess(door, 101, "12")
    assert 0 == raise_siret_alerts(door.deps, JOBS)
