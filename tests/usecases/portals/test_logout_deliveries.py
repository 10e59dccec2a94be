"""A portal that was not reached is told again, later and later, by one sender at a time, and an operator can replay."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from sqlalchemy import select

from idp.adapters.clock import QuietClock
from idp.adapters.couriers import QuietCouriers
from idp.adapters.outbound import OutboundAnswer, OutboundFailure, OutboundRefusal, QuietOutbound
from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.platform.instants import DAY, HOUR, MINUTE, SECOND
from idp.domain.portals.clients import Client, ClientRegistry
from idp.domain.portals.logout import DeliveryStatus
from idp.store.database import Database
from idp.store.platform.audit import audit_events
from idp.store.portals.authorizations import logout_deliveries
from idp.store.portals.logout import DeliveryRow
from idp.usecases.deps import Deps
from idp.usecases.portals.logout import sign_out, tell_portals_of_replaced
from idp.usecases.portals.logout_deliveries import tell_those_due
from idp.usecases.portals.logout_replays import list_deliveries, replay
from tests.quiet import quiet_deps
from tests.rows import make_account, make_authorization, make_session

JOBS = Actor(ActorRole.SYSTEM, "jobs")
BYE = "https://formation.example.fr/bye"
FORMATION = Client("formation", "Formation", backchannel_logout_uri=BYE)
DOWN = OutboundFailure(OutboundRefusal.UNREACHABLE)
WAITS = (SECOND, 10 * SECOND, MINUTE, 10 * MINUTE, HOUR, 6 * HOUR)


@pytest.fixture
def clock() -> QuietClock:
    return QuietClock()


@pytest.fixture
def deps(database: Database, clock: QuietClock) -> Deps:
    registry = ClientRegistry("d", {"formation": FORMATION})
    return quiet_deps(database, clock=clock, registry=lambda: registry)


def outbound(deps: Deps) -> QuietOutbound:
    return cast(QuietOutbound, deps.outbound)


def answer_with(deps: Deps, answer: OutboundAnswer | OutboundFailure) -> None:
    outbound(deps).answers[BYE] = answer


def sign_out_of_formation(deps: Deps) -> None:
    session = make_session(deps, make_account(deps))
    make_authorization(deps, session, "formation")
    sign_out(deps, JOBS, session)


def delivery(deps: Deps) -> DeliveryRow:
    (row,) = list_deliveries(deps, client_id="", statuses=(), limit=10)
    return row


def test_a_portal_that_is_down_is_told_again_later_and_later_and_then_given_up(deps: Deps, clock: QuietClock) -> None:
    answer_with(deps, DOWN)
    sign_out_of_formation(deps)
    for number, wait in enumerate(WAITS, start=1):
        assert ("waiting", number, clock.now() + wait) == (
            delivery(deps).status, delivery(deps).attempts, delivery(deps).next_at,
        )  # fmt: skip
        clock.advance(wait - 1)
        assert 0 == tell_those_due(deps, JOBS, "one")
        clock.advance(1)
        assert 1 == tell_those_due(deps, JOBS, "one")
    assert ("given_up", 7, None) == (delivery(deps).status, delivery(deps).attempts, delivery(deps).next_at)
    clock.advance(DAY)
    assert 0 == tell_those_due(deps, JOBS, "one")


def test_a_portal_that_comes_back_confirms_and_is_left_alone(deps: Deps, clock: QuietClock) -> None:
    answer_with(deps, DOWN)
    sign_out_of_formation(deps)
    answer_with(deps, OutboundAnswer(204, b"", {}))
    clock.advance(SECOND)
    tell_those_due(deps, JOBS, "one")
    assert ("delivered", "confirmed", 2, clock.now()) == (
        delivery(deps).status, delivery(deps).outcome, delivery(deps).attempts, delivery(deps).delivered_at,
    )  # fmt: skip
    clock.advance(DAY)
    assert 0 == tell_those_due(deps, JOBS, "one")


def test_each_attempt_has_a_token_of_its_own_and_none_is_stored(deps: Deps, clock: QuietClock) -> None:
    """Back-Channel Logout section 2.4: jti, iat and exp are of this token; one sent again would look replayed."""
    answer_with(deps, DOWN)
    sign_out_of_formation(deps)
    clock.advance(10 * SECOND)
    tell_those_due(deps, JOBS, "one")
    tokens = [fields["logout_token"] for _, _, fields in outbound(deps).calls]
    first, second = (cast(dict[str, Any], deps.signer.verify(token, typ="logout+jwt")) for token in tokens)
    assert first["jti"] != second["jti"]
    assert (10, 10) == (second["iat"] - first["iat"], second["exp"] - first["exp"])
    assert (first["sid"], first["sub"]) == (second["sid"], second["sub"])
    with deps.read() as connection:
        row = connection.execute(select(logout_deliveries)).one()
    assert [value for value in row if value in tokens or value in (first["jti"], second["jti"])] == []


@pytest.mark.parametrize("status", [302, 401, 404, 429, 500, 503])
def test_whatever_else_a_portal_answers_it_is_told_again(deps: Deps, status: int) -> None:
    answer_with(deps, OutboundAnswer(status, b"", {}))
    sign_out_of_formation(deps)
    assert ("waiting", "refused") == (delivery(deps).status, delivery(deps).outcome)


def test_400_is_an_answer_and_not_asked_for_again(deps: Deps, clock: QuietClock) -> None:
    """Back-Channel Logout section 2.8: 400 says that the token was read, and that the logout failed."""
    answer_with(deps, OutboundAnswer(400, b"", {}))
    sign_out_of_formation(deps)
    assert ("rejected", "rejected", None) == (delivery(deps).status, delivery(deps).outcome, delivery(deps).next_at)
    clock.advance(DAY)
    assert 0 == tell_those_due(deps, JOBS, "one")


def test_two_runners_never_send_at_once_and_a_dead_one_is_replaced(deps: Deps, clock: QuietClock) -> None:
    class Dying(QuietCouriers):
        """Leases, then does nothing."""

        def carry(self, errands: Any, *, within: int) -> list[Any]:
            return [None for _ in errands]

    answer_with(deps, DOWN)
    sign_out_of_formation(deps)
    clock.advance(SECOND)
    assert 1 == tell_those_due(replace(deps, couriers=Dying()), JOBS, "dying")
    assert 0 == tell_those_due(deps, JOBS, "other")
    clock.advance(deps.lifetimes.lease)
    assert 1 == tell_those_due(deps, JOBS, "other")


def test_while_the_first_attempt_is_under_way_no_runner_sends(deps: Deps) -> None:
    seen: list[int] = []

    class Nosy(QuietOutbound):
        def post_form(self, url: str, fields: Any) -> Any:
            seen.append(tell_those_due(deps, JOBS, "runner"))
            return super().post_form(url, fields)

    sign_out_of_formation(replace(deps, outbound=Nosy()))
    assert [0] == seen
    assert [] == outbound(deps).calls


def test_a_sender_whose_lease_went_to_another_does_not_write_its_answer(deps: Deps, clock: QuietClock) -> None:
    class Slow(QuietOutbound):
        def post_form(self, url: str, fields: Any) -> Any:
            clock.advance(deps.lifetimes.lease)
            tell_those_due(deps, JOBS, "second")
            return DOWN

    answer_with(deps, DOWN)
    sign_out_of_formation(deps)
    answer_with(deps, OutboundAnswer(200, b"", {}))
    clock.advance(SECOND)
    tell_those_due(replace(deps, outbound=Slow()), JOBS, "first")
    assert ("delivered", 2) == (delivery(deps).status, delivery(deps).attempts)


def test_a_client_that_is_gone_is_given_up(deps: Deps, clock: QuietClock) -> None:
    answer_with(deps, DOWN)
    sign_out_of_formation(deps)
    clock.advance(SECOND)
    tell_those_due(replace(deps, registry=lambda: ClientRegistry("d", {})), JOBS, "one")
    assert ("given_up", "not_told") == (delivery(deps).status, delivery(deps).outcome)


def test_the_same_end_is_told_once_by_the_request_and_its_job(deps: Deps) -> None:
    make_authorization(deps, make_session(deps, make_account(deps)), "formation")
    for _ in range(2):
        tell_portals_of_replaced(deps, JOBS, "Moutin", "session")
    assert 1 == len(outbound(deps).calls)


def test_an_operator_has_one_delivery_or_all_of_a_client_made_again(deps: Deps, clock: QuietClock) -> None:
    answer_with(deps, OutboundAnswer(400, b"", {}))
    sign_out_of_formation(deps)
    operator = Actor(ActorRole.OPERATOR, "huck")
    assert 1 == replay(deps, operator, delivery_id=delivery(deps).id)
    assert ("waiting", 0) == (delivery(deps).status, delivery(deps).attempts)
    tell_those_due(deps, JOBS, "one")
    assert 1 == replay(deps, operator, client_id="formation")
    answer_with(deps, OutboundAnswer(200, b"", {}))
    tell_those_due(deps, JOBS, "one")
    assert "delivered" == delivery(deps).status
    assert 0 == replay(deps, operator, client_id="formation"), "what was confirmed is not sent to a whole client again"
    assert 0 == replay(deps, operator, delivery_id="unknown")
    with deps.read() as connection:
        traced = connection.execute(
            select(audit_events.c.actor_role).where(audit_events.c.event == "logout.replayed")
        ).scalars().all()  # fmt: skip
    assert ["operator", "operator"] == traced


def test_a_replayed_delivery_that_is_leased_is_not_sent_twice_at_once(deps: Deps) -> None:
    seen: list[int] = []

    class Nosy(QuietOutbound):
        def post_form(self, url: str, fields: Any) -> Any:
            replay(deps, JOBS, client_id="formation")
            seen.append(tell_those_due(deps, JOBS, "runner"))
            return super().post_form(url, fields)

    sign_out_of_formation(replace(deps, outbound=Nosy()))
    assert [0] == seen


def test_deliveries_are_listed_by_client_and_status(deps: Deps) -> None:
    sign_out_of_formation(deps)
    found = {
        (client_id, status): len(list_deliveries(deps, client_id=client_id, statuses=[status], limit=10))
        for client_id in ("formation", "payroll")
        for status in DeliveryStatus
    }
    assert [("formation", "delivered")] == [key for key, count in found.items() if count]
