"""Whether an account exists cannot be read from an answer, from the work behind it, nor from what it leaves.

Every way of being refused sends the same statements in the same order and costs the same rounds of the hash.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from idp.adapters.hasher import QuietHasher
from idp.domain.platform.instants import MINUTE, SECOND
from idp.domain.sign_in.password_triplet import Delayed, Refused, SignInOutcome
from idp.store.people.accounts import accounts
from idp.store.platform.audit import audit_events
from idp.store.platform.jobs import jobs, outbox
from idp.usecases.deps import Deps
from tests.statements import counted
from tests.usecases.sign_in.conftest import Door

Try = Callable[[Door], SignInOutcome]

REFUSALS: dict[str, Try] = {
    "a wrong password": lambda door: door.knock("wrong"),
    "an unknown triplet": lambda door: door.knock(family_name="Nobody"),
    "an unknown SIRET": lambda door: door.knock(siret="97050551700072"),
    "a malformed name": lambda door: door.knock(family_name="4#"),
    "a malformed SIRET": lambda door: door.knock(siret="12"),
    "no password at all": lambda door: door.knock(family_name="Keyless"),
    "a suspended account": lambda door: door.knock(family_name="Suspended"),
    "a suspended account, wrong": lambda door: door.knock("wrong", family_name="Suspended"),
    "an address not yet proven": lambda door: door.knock(family_name="Pending"),
    "a radiated account": lambda door: door.knock(family_name="Radiated"),
    "another spelling for an exact client": lambda door: door.knock(family_name="MOUTIN", exact=True),
    "an old cheap hash": lambda door: door.knock("wrong", family_name="Old"),
    "a hash whose pepper is gone": lambda door: door.knock(family_name="Lost"),
}


@pytest.fixture
def door(deps: Deps) -> Door:
    here = Door(deps)
    for name in ("Moutin", "Suspended", "Pending", "Radiated", "Lost"):
        here.add_person(name)
    here.add_person("Keyless", password=None)
    here.with_deps(hasher=QuietHasher(cost=9)).add_person("Old")
    for name, state in (("Suspended", "suspended"), ("Pending", "pending_email"), ("Radiated", "radiated")):
        here.change(name, state=state)
    with here.deps.read() as connection:
        stored = connection.execute(select(accounts.c.password_hash).where(accounts.c.subject == "Lost")).scalar_one()
    here.change("Lost", password_hash="gone$" + stored.partition("$")[2])
    here.hasher.forget()
    return here


def weigh(door: Door, attempt: Try) -> tuple[SignInOutcome, list[str], int]:
    door.hasher.forget()
    with counted(door.deps.database) as statements:
        outcome = attempt(door)
    return outcome, statements, door.hasher.rounds


@pytest.mark.parametrize("name", REFUSALS)
def test_every_refusal_weighs_what_a_wrong_password_weighs(door: Door, name: str) -> None:
    expected = weigh(door, REFUSALS["a wrong password"])
    assert expected == weigh(door, REFUSALS[name])
    assert (Refused(), 2**12) == (expected[0], expected[2])


@pytest.mark.parametrize("name", REFUSALS)
def test_every_refusal_is_delayed_from_the_same_try_to_the_same_moment(door: Door, name: str) -> None:
    def course(attempt: Try) -> list[object]:
        outcomes: list[object] = []
        for _ in range(9):
            outcome = attempt(door)
            started = door.deps.clock.now()
            outcomes.append(outcome.retry_at - started if isinstance(outcome, Delayed) else outcome)
            door.wait(14 * SECOND)
        door.wait(2 * 60 * MINUTE)
        return outcomes

    expected = course(REFUSALS["a wrong password"])
    assert [Refused()] * 5 == expected[:5]
    assert expected[5] == SECOND
    assert expected == course(REFUSALS[name])


@pytest.mark.parametrize("name", REFUSALS)
def test_every_delay_weighs_the_same(door: Door, name: str) -> None:
    def delayed(attempt: Try) -> tuple[list[str], int]:
        for _ in range(5):
            attempt(door)
        outcome, statements, rounds = weigh(door, attempt)
        assert isinstance(outcome, Delayed)
        return statements, rounds

    expected = delayed(REFUSALS["a wrong password"])
    door.wait(2 * 60 * MINUTE)
    assert expected == delayed(REFUSALS[name])
    assert expected[1] == 0


@pytest.mark.parametrize("name", REFUSALS)
def test_every_refusal_leaves_the_same_traces_but_the_subject(door: Door, name: str) -> None:
    def traces(attempt: Try) -> object:
        attempt(door)
        columns = [audit_events.c[name] for name in ("event", "actor", "client_id", "address_prefix", "request_id")]
        with door.deps.read() as connection:
            row = connection.execute(select(*columns).order_by(audit_events.c.id.desc())).first()
            queued = connection.execute(select(jobs)).all() + connection.execute(select(outbox)).all()
        return row, queued

    assert traces(REFUSALS["a wrong password"]) == traces(REFUSALS[name])


def test_the_scales_see_a_difference(door: Door) -> None:
    """The control: an accepted sign-in weighs otherwise, so an early way out would too."""
    assert weigh(door, REFUSALS["a wrong password"])[1] != weigh(door, lambda here: here.knock())[1]


def test_a_refusal_sends_three_statements(door: Door) -> None:
    """The account with the highest cost, the counters; the trace."""
    statements = weigh(door, REFUSALS["an unknown triplet"])[1]
    assert 3 == sum(not statement.startswith("BEGIN") for statement in statements)


@pytest.mark.parametrize("family_name", ["Moutin", "Nobody", "4#", "Suspended", "Keyless"])
def test_a_browser_known_elsewhere_sees_no_difference_either(door: Door, family_name: str) -> None:
    door.add_person("Sawyer")
    cookie = door.sign_in(family_name="Sawyer").device_token
    door.change("Sawyer", password_hash=None)
    expected = weigh(door, lambda here: here.knock("wrong", device_token=cookie))
    assert expected == weigh(door, lambda here: here.knock("wrong", device_token=cookie, family_name=family_name))
