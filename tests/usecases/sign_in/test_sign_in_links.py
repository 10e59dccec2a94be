"""The owner is told, once a day, and given a way past the throttles; nobody else learns anything by it."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.platform.instants import DAY, MINUTE, SECOND
from idp.domain.sign_in.password_triplet import Delayed, Refused, SignedIn
from idp.store.platform.jobs import outbox
from idp.store.sign_in.devices import sign_in_links
from idp.usecases.platform.notifications import message_name
from idp.usecases.sign_in.sign_in_links import LinkOpened, LinkRefused, mail_delayed_owners, open_sign_in_link
from tests.usecases.sign_in.conftest import HOME, Door

JOBS = Actor(ActorRole.SYSTEM, "jobs")
OWNER = Actor(ActorRole.ANONYMOUS, address=HOME)


def delay(door: Door, **typed: str) -> None:
    """Guess until it is delayed."""
    for _ in range(5):
        assert Refused() == door.knock("guess", **typed)
    assert isinstance(door.knock("guess", locale="en", theme="portail", **typed), Delayed)


def mails(door: Door) -> list[dict[str, str]]:
    with door.deps.read() as connection:
        rows = connection.execute(select(outbox).order_by(outbox.c.id)).all()
    return [
        {
            "to": row.recipient, "message": row.message, "locale": row.locale, "theme": row.theme,
            **json.loads(door.deps.sealer.open(
                message_name(row.message, row.recipient), row.facts_sealed, row.key_encryption_key_id
            )),
        }
        for row in rows
    ]  # fmt: skip


def link_of(door: Door) -> str:
    return parse_qs(urlsplit(mails(door)[-1]["link"]).query)["k"][0]


def open_link(door: Door, link: str, device_token: str = "") -> LinkOpened | LinkRefused:
    return open_sign_in_link(door.deps, OWNER, link, device_token)


def mailed_link(door: Door) -> str:
    delay(door)
    assert 1 == mail_delayed_owners(door.deps, JOBS)
    return link_of(door)


def test_the_owner_of_a_delayed_account_is_mailed_by_the_job_and_not_by_the_request(door: Door) -> None:
    delay(door)
    assert [] == mails(door)
    assert 1 == mail_delayed_owners(door.deps, JOBS)
    [mail] = mails(door)
    assert ("moutin@example.fr", "sign_in_delayed", "en", "portail", "Moutin", "Claire") == (
        mail["to"], mail["message"], mail["locale"], mail["theme"], mail["family_name"], mail["given_name"],
    )  # fmt: skip
    assert mail["link"].startswith("https://connexion.example.fr/sign-in/link?k=")
    assert ("sign_in.link_sent", "Moutin") == door.trail()[-1]


@pytest.mark.parametrize(
    "who",
    [
        {"family_name": "Nobody"},
        {"family_name": "4#"},
        {"family_name": "Suspended"},
        {"family_name": "Unproven"},
        {"family_name": "Keyless"},
    ],
)
def test_nobody_else_is_mailed(door: Door, who: dict[str, str]) -> None:
    door.add_person("Suspended", state="suspended")
    door.add_person("Unproven", email_verified_at=None)
    door.add_person("Keyless", password=None)
    delay(door, **who)
    assert 0 == mail_delayed_owners(door.deps, JOBS)
    assert [] == mails(door)


def test_a_refusal_without_a_delay_mails_nobody(door: Door) -> None:
    door.knock("guess")
    assert 0 == mail_delayed_owners(door.deps, JOBS)


def test_at_most_one_such_mail_a_day(door: Door) -> None:
    mailed_link(door)
    door.wait(DAY - MINUTE)
    delay(door)
    assert 0 == mail_delayed_owners(door.deps, JOBS)
    door.wait(2 * MINUTE)
    delay_again = door.knock("guess")
    assert isinstance(delay_again, Delayed | Refused)
    assert 1 == mail_delayed_owners(door.deps, JOBS)
    assert 2 == len(mails(door))


def test_that_holds_after_housekeeping_swept_the_links(door: Door) -> None:
    mailed_link(door)
    with door.deps.transaction() as connection:
        connection.execute(sign_in_links.delete())
    assert 0 == mail_delayed_owners(door.deps, JOBS)


def test_a_delay_that_is_over_mails_nobody(door: Door) -> None:
    delay(door)
    door.wait(15 * MINUTE)
    assert 0 == mail_delayed_owners(door.deps, JOBS)


def test_the_link_lets_the_owners_browser_pass(door: Door) -> None:
    opened = open_link(door, mailed_link(door))
    assert isinstance(opened, LinkOpened)
    assert "portail" == opened.client_id
    assert isinstance(door.knock(), Delayed)
    assert isinstance(door.knock(device_token=opened.device_token), SignedIn)
    assert ("sign_in.link_used", "Moutin") in door.trail()


def test_the_link_still_wants_the_password(door: Door) -> None:
    opened = open_link(door, mailed_link(door))
    assert isinstance(opened, LinkOpened)
    assert Refused() == door.knock("guess", device_token=opened.device_token)


def test_the_link_passes_at_its_owners_door_only(door: Door) -> None:
    door.add_person("Sawyer")
    opened = open_link(door, mailed_link(door))
    assert isinstance(opened, LinkOpened)
    delay(door, family_name="Sawyer")
    assert isinstance(door.knock(family_name="Sawyer", device_token=opened.device_token), Delayed)


def test_a_link_works_once(door: Door) -> None:
    link = mailed_link(door)
    assert isinstance(open_link(door, link), LinkOpened)
    assert LinkRefused() == open_link(door, link)


def test_a_link_lives_thirty_minutes(door: Door) -> None:
    link = mailed_link(door)
    door.wait(30 * MINUTE)
    assert LinkRefused() == open_link(door, link)


def test_a_link_from_before_a_password_change_is_dead(door: Door) -> None:
    link = mailed_link(door)
    door.wait(SECOND)
    door.change("Moutin", valid_from=door.deps.clock.now())
    assert LinkRefused() == open_link(door, link)


@pytest.mark.parametrize("link", ["", "x", "é" * 1000])
def test_a_made_up_link_is_refused(door: Door, link: str) -> None:
    assert LinkRefused() == open_link(door, link)


def test_a_browser_that_is_known_already_keeps_its_cookie(door: Door) -> None:
    door.add_person("Sawyer")
    known = door.sign_in(family_name="Sawyer").device_token
    opened = open_link(door, mailed_link(door), known)
    assert isinstance(opened, LinkOpened)
    assert known == opened.device_token


def test_a_cookie_we_never_gave_is_replaced(door: Door) -> None:
    opened = open_link(door, mailed_link(door), "planted")
    assert isinstance(opened, LinkOpened)
    assert "planted" != opened.device_token
