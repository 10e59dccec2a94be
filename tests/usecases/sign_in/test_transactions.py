"""Authorization transactions belong to the browser that began them, and end."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
from sqlalchemy import func, select

from idp.adapters.clock import QuietClock
from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.platform.instants import DAY, MINUTE
from idp.domain.platform.limits import RULES, Limit, LimitRule, TooMany
from idp.domain.sign_in.journey import Act, DoneAct
from idp.domain.sign_in.transactions import OpenTransaction, RefusalReason, TransactionRefusal
from idp.store.database import Database
from idp.store.platform.audit import audit_events
from idp.store.sign_in.transactions import authorization_transactions, close_transaction, record_done
from idp.usecases.deps import Deps
from idp.usecases.sign_in.transactions import (
    begin_transaction,
    cancel_transaction,
    find_transaction,
    keep_posted_request,
    redeem_posted_request,
)
from tests.quiet import quiet_deps
from tests.statements import counted

ACTOR = Actor(ActorRole.ANONYMOUS, address="203.0.113.7", request_id="r")
REQUEST = {"client_id": "portail", "scope": "openid"}


@pytest.fixture
def deps(database: Database) -> Deps:
    return quiet_deps(database)


def begin(deps: Deps) -> OpenTransaction:
    begun = begin_transaction(deps, ACTOR, "portail", REQUEST, "my browser")
    assert isinstance(begun, OpenTransaction)
    return begun


def reason(found: OpenTransaction | TransactionRefusal | None) -> RefusalReason | None:
    return found.reason if isinstance(found, TransactionRefusal) else None


def events(deps: Deps) -> list[tuple[str, str]]:
    with deps.read() as connection:
        rows = connection.execute(select(audit_events.c.event, audit_events.c.client_id).order_by(audit_events.c.id))
        return [(row.event, row.client_id) for row in rows]


def test_the_browser_that_began_a_transaction_finds_it(deps: Deps) -> None:
    begun = begin(deps)
    assert find_transaction(deps, ACTOR, begun.id, "my browser") == begun


@pytest.mark.parametrize("token", ["", "another browser"])
def test_another_browser_does_not_find_it(deps: Deps, token: str) -> None:
    refusal = find_transaction(deps, ACTOR, begin(deps).id, token)
    assert refusal == TransactionRefusal(RefusalReason.FOREIGN_BROWSER, "portail")


def test_a_foreign_browser_leaves_a_trace(deps: Deps) -> None:
    find_transaction(deps, ACTOR, begin(deps).id, "another browser")
    assert events(deps) == [("transaction.foreign_browser", "portail")]


@pytest.mark.parametrize("unknown", ["", "x", "x" * 43, "x" * 44, "é"])
def test_an_id_we_never_gave_is_unknown(deps: Deps, unknown: str) -> None:
    assert reason(find_transaction(deps, ACTOR, unknown, "my browser")) is RefusalReason.UNKNOWN


def test_a_transaction_expires(deps: Deps) -> None:
    begun = begin(deps)
    cast(QuietClock, deps.clock).advance(deps.lifetimes.transaction)
    assert reason(find_transaction(deps, ACTOR, begun.id, "my browser")) is RefusalReason.EXPIRED


def use_every(deps: Deps, begun: OpenTransaction, wait: int, browser: str = "my browser") -> int:
    """How long it goes on when this browser takes a step so often."""
    clock, start = cast(QuietClock, deps.clock), deps.clock.now()
    while isinstance(find_transaction(deps, ACTOR, begun.id, "my browser"), OpenTransaction):
        clock.advance(wait)
        find_transaction(deps, ACTOR, begun.id, browser)
        if deps.clock.now() - start > DAY:
            break
    return deps.clock.now() - start


def test_whoever_is_at_it_keeps_a_transaction_but_not_for_ever(deps: Deps) -> None:
    """WCAG 2.2.1 (RGAA 13.1): a time limit that the person prolongs by going on."""
    assert deps.lifetimes.transaction_absolute == use_every(deps, begin(deps), 20 * MINUTE)


def test_steps_that_follow_at_once_cost_no_statement(deps: Deps, database: Database) -> None:
    begun = begin(deps)
    cast(QuietClock, deps.clock).advance(deps.lifetimes.transaction_step - 1)
    with counted(database) as statements:
        find_transaction(deps, ACTOR, begun.id, "my browser")
    assert 1 == len(statements)
    cast(QuietClock, deps.clock).advance(1)
    with counted(database) as statements:
        find_transaction(deps, ACTOR, begun.id, "my browser")
    assert 2 == len(statements)


@pytest.mark.parametrize("browser", ["", "another browser"])
def test_a_foreign_browser_prolongs_nothing(deps: Deps, browser: str) -> None:
    """Attack: who knows `t` keeps a victim's transaction open. The control is the same browser."""
    begun = begin(deps)
    clock = cast(QuietClock, deps.clock)
    clock.advance(20 * MINUTE)
    find_transaction(deps, ACTOR, begun.id, browser)
    clock.advance(10 * MINUTE)
    assert reason(find_transaction(deps, ACTOR, begun.id, "my browser")) is RefusalReason.EXPIRED
    kept = begin(deps)
    clock.advance(20 * MINUTE)
    find_transaction(deps, ACTOR, kept.id, "my browser")
    clock.advance(10 * MINUTE)
    assert isinstance(find_transaction(deps, ACTOR, kept.id, "my browser"), OpenTransaction)


def test_neither_a_closed_nor_an_expired_transaction_is_prolonged(deps: Deps) -> None:
    closed, expired = begin(deps), begin(deps)
    with deps.transaction() as connection:
        close_transaction(connection, closed.id, deps.clock.now())
    cast(QuietClock, deps.clock).advance(deps.lifetimes.transaction)
    found = [find_transaction(deps, ACTOR, one.id, "my browser") for one in (closed, expired)]
    assert [RefusalReason.CLOSED, RefusalReason.EXPIRED] == [reason(one) for one in found]


def test_a_transaction_closes_once(deps: Deps) -> None:
    begun = begin(deps)
    with deps.transaction() as connection:
        assert close_transaction(connection, begun.id, deps.clock.now())
        assert not close_transaction(connection, begun.id, deps.clock.now())
    assert reason(find_transaction(deps, ACTOR, begun.id, "my browser")) is RefusalReason.CLOSED


def test_what_was_done_is_kept_with_its_moment_and_its_session(deps: Deps) -> None:
    begun = begin(deps)
    with deps.transaction() as connection:
        assert record_done(connection, begun.id, Act.SIGN_IN, deps.clock.now(), "s1")
        assert record_done(connection, begun.id, Act.CONSENT, deps.clock.now(), "s1")
    found = find_transaction(deps, ACTOR, begun.id, "my browser")
    assert isinstance(found, OpenTransaction)
    act = DoneAct(deps.clock.now(), "s1")
    assert found.done.acts == {"sign_in": act, "consent": act}


def test_a_later_act_replaces_the_same_act_of_an_earlier_session(deps: Deps) -> None:
    begun = begin(deps)
    with deps.transaction() as connection:
        record_done(connection, begun.id, Act.SIGN_IN, deps.clock.now(), "s1")
        record_done(connection, begun.id, Act.SIGN_IN, deps.clock.now(), "s2")
    found = find_transaction(deps, ACTOR, begun.id, "my browser")
    assert isinstance(found, OpenTransaction)
    assert found.done.acts["sign_in"].session_id == "s2"


def test_nothing_is_done_in_a_closed_transaction(deps: Deps) -> None:
    begun = begin(deps)
    with deps.transaction() as connection:
        close_transaction(connection, begun.id, deps.clock.now())
        assert not record_done(connection, begun.id, Act.SIGN_IN, deps.clock.now(), "s1")


def test_cancelling_is_noted_for_the_resume_to_answer(deps: Deps) -> None:
    begun = begin(deps)
    assert cancel_transaction(deps, ACTOR, begun.id, "my browser") is None
    found = find_transaction(deps, ACTOR, begun.id, "my browser")
    assert isinstance(found, OpenTransaction)
    assert found.done.has(Act.CANCEL)
    assert events(deps) == [("sign_in.cancelled", "portail")]


def test_another_browser_cannot_cancel(deps: Deps) -> None:
    begun = begin(deps)
    assert reason(cancel_transaction(deps, ACTOR, begun.id, "another")) is RefusalReason.FOREIGN_BROWSER
    found = find_transaction(deps, ACTOR, begun.id, "my browser")
    assert isinstance(found, OpenTransaction)
    assert not found.done.has(Act.CANCEL)


def kept(deps: Deps) -> str:
    handle = keep_posted_request(deps, ACTOR, REQUEST)
    assert isinstance(handle, str)
    return handle


def test_a_posted_request_is_found_once(deps: Deps) -> None:
    handle = kept(deps)
    assert redeem_posted_request(deps, handle) == REQUEST
    assert redeem_posted_request(deps, handle) is None


def test_a_posted_request_waits_sixty_seconds(deps: Deps) -> None:
    handle = kept(deps)
    cast(QuietClock, deps.clock).advance(60_000)
    assert redeem_posted_request(deps, handle) is None


@pytest.fixture
def two_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RULES, Limit.REQUESTS, LimitRule(free=2, window=10 * MINUTE))


@pytest.mark.usefixtures("two_at_a_time")
def test_one_network_stores_only_so_many_requests_and_is_told_when_to_come_back(deps: Deps) -> None:
    begin(deps)
    kept(deps)
    assert keep_posted_request(deps, ACTOR, REQUEST) == TooMany(600)
    assert begin_transaction(deps, ACTOR, "portail", REQUEST, "my browser") == TooMany(600)
    with deps.read() as connection:
        stored = connection.execute(select(func.count()).select_from(authorization_transactions)).scalar()
    assert stored == 1


@pytest.mark.usefixtures("two_at_a_time")
def test_another_network_is_not_held_up(deps: Deps) -> None:
    begin(deps)
    begin(deps)
    elsewhere = replace(ACTOR, address="198.51.100.9")
    assert isinstance(begin_transaction(deps, elsewhere, "portail", REQUEST, "b"), OpenTransaction)


@pytest.mark.usefixtures("two_at_a_time")
def test_the_limit_ends_with_its_window(deps: Deps) -> None:
    begin(deps)
    begin(deps)
    cast(QuietClock, deps.clock).advance(10 * MINUTE)
    begin(deps)


@pytest.mark.usefixtures("two_at_a_time")
def test_one_network_does_not_fill_the_trail_with_foreign_browsers(deps: Deps) -> None:
    begun = begin(deps)
    for _ in range(5):
        assert reason(find_transaction(deps, ACTOR, begun.id, "another browser")) is RefusalReason.FOREIGN_BROWSER
    assert events(deps) == [("transaction.foreign_browser", "portail")]


def test_cancelling_twice_is_traced_once(deps: Deps) -> None:
    begun = begin(deps)
    for _ in range(2):
        assert cancel_transaction(deps, ACTOR, begun.id, "my browser") is None
    assert events(deps) == [("sign_in.cancelled", "portail")]
