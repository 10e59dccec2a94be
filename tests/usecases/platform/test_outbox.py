"""A message leaves once for each change, is tried again when the server is away, and says nothing after its end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from sqlalchemy import select

from idp.adapters.clock import QuietClock
from idp.adapters.mailer import QuietMailer
from idp.domain.platform.instants import HOUR, MINUTE
from idp.domain.platform.messages import RETRY_AFTER, Delivery, Message
from idp.domain.platform.metrics import Metric
from idp.jobs.runner import Runner
from idp.store.database import Database
from idp.store.platform.audit import audit_events
from idp.store.platform.jobs import outbox
from idp.usecases.deps import Deps
from idp.usecases.platform.notifications import notify
from idp.usecases.platform.outbox import lease_messages, settle_message
from tests.quiet import quiet_deps

FACTS = {
    "siret": "999 000 375 00017",
    "given_name": "Claire",
    "family_name": "Moutin",
    "link": "https://connexion.example.fr/l?k=SECRETLINK",
}


@pytest.fixture
def clock() -> QuietClock:
    return QuietClock()


@pytest.fixture
def mailer() -> QuietMailer:
    return QuietMailer()


@pytest.fixture
def deps(database: Database, clock: QuietClock, mailer: QuietMailer) -> Deps:
    return quiet_deps(database, clock=clock, mailer=mailer)


@pytest.fixture
def runner(deps: Deps) -> Runner:
    return Runner(deps, "one", Event())


def write_one(deps: Deps, locale: str = "fr", message: Message = Message.SIGN_IN_DELAYED) -> None:
    with deps.transaction() as connection:
        notify(connection, deps, message, recipient="claire@example.fr", locale=locale, theme="default", facts=FACTS)


def trail(deps: Deps) -> list[str]:
    with deps.read() as connection:
        return list(connection.scalars(select(audit_events.c.event).order_by(audit_events.c.id)))


def test_a_message_leaves_once(deps: Deps, runner: Runner, mailer: QuietMailer) -> None:
    write_one(deps)
    assert runner.send_mails()
    assert not runner.send_mails()
    assert [mail.recipient for mail in mailer.sent] == ["claire@example.fr"]
    assert trail(deps) == ["mail.sent"]
    assert deps.metrics.counts[Metric.MAILS, ("sent",)] == 1  # type: ignore[attr-defined]


def test_runners_together_send_each_message_once(deps: Deps, mailer: QuietMailer) -> None:
    for _ in range(30):
        write_one(deps)
    runners = [Runner(deps, f"runner-{number}", Event()) for number in range(4)]

    def drain(runner: Runner) -> None:
        while runner.send_mails():
            pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(drain, runners))
    assert len({mail.message_id for mail in mailer.sent}) == len(mailer.sent) == 30


def test_a_server_that_is_away_is_tried_again_later(
    deps: Deps, runner: Runner, mailer: QuietMailer, clock: QuietClock
) -> None:
    write_one(deps)
    mailer.answers = [Delivery(False, reason="smtp 450")]
    runner.send_mails()
    clock.advance(MINUTE - 1)
    assert not runner.send_mails()
    clock.advance(1)
    assert runner.send_mails()
    assert len(mailer.sent) == 1


def test_a_message_is_abandoned_after_its_last_try_and_the_trail_says_so(
    deps: Deps, runner: Runner, mailer: QuietMailer, clock: QuietClock
) -> None:
    write_one(deps)
    mailer.answers = [Delivery(False, reason="smtp 450")] * (len(RETRY_AFTER) + 1)
    for _ in range(len(RETRY_AFTER) + 1):
        assert runner.send_mails()
        clock.advance(24 * HOUR)
    assert (runner.send_mails(), mailer.sent, trail(deps)) == (False, [], ["mail.abandoned"])


def test_a_refused_address_is_not_tried_again(
    deps: Deps, runner: Runner, mailer: QuietMailer, clock: QuietClock
) -> None:
    write_one(deps)
    mailer.answers = [Delivery(False, permanent=True, reason="smtp 550")]
    runner.send_mails()
    clock.advance(24 * HOUR)
    assert (runner.send_mails(), trail(deps)) == (False, ["mail.abandoned"])


def test_a_dead_runners_message_goes_to_another_and_a_late_settlement_changes_nothing(
    deps: Deps, runner: Runner, mailer: QuietMailer, clock: QuietClock
) -> None:
    write_one(deps)
    dead = lease_messages(deps, "dead")
    assert not runner.send_mails()
    clock.advance(2 * MINUTE)
    assert runner.send_mails()
    settle_message(deps, "dead", dead[0], Delivery(False, reason="late"))
    assert (len(mailer.sent), trail(deps)) == (1, ["mail.sent"])


def test_a_link_is_never_in_the_database_in_clear_and_gone_once_sent(deps: Deps, runner: Runner) -> None:
    write_one(deps)
    with deps.read() as connection:
        assert "SECRETLINK" not in str(connection.execute(select(outbox)).all())
    runner.send_mails()
    with deps.read() as connection:
        assert connection.scalars(select(outbox.c.facts_sealed)).all() == [b""]


@pytest.mark.parametrize("message", list(Message))
@pytest.mark.parametrize("locale", ["fr", "en", "xx"])
def test_every_message_has_words_in_every_language(
    deps: Deps, runner: Runner, mailer: QuietMailer, message: Message, locale: str
) -> None:
    write_one(deps, locale, message)
    runner.send_mails()
    mail = mailer.sent[0]
    assert mail.subject
    assert "Moutin" in mail.text
    assert "Bonjour" in mail.text if locale != "en" else "Hello" in mail.text


def test_a_name_cannot_write_markup_or_a_header(deps: Deps, runner: Runner, mailer: QuietMailer) -> None:
    facts = {**FACTS, "given_name": "<b>x</b>\r\nBcc: a@b.fr"}
    with deps.transaction() as connection:
        notify(connection, deps, Message.SIGN_IN_DELAYED, recipient="c@example.fr", locale="fr", theme="", facts=facts)
    runner.send_mails()
    mail = mailer.sent[0]
    assert "<b>" not in mail.html
    assert "\n" not in mail.subject


def test_a_missing_fact_delays_the_message_and_stops_nothing(deps: Deps, runner: Runner, mailer: QuietMailer) -> None:
    with deps.transaction() as connection:
        notify(connection, deps, Message.SIGN_IN_DELAYED, recipient="c@d.fr", locale="fr", theme="", facts={})
    write_one(deps)
    assert runner.send_mails()
    assert len(mailer.sent) == 1
