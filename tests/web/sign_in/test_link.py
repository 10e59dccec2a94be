"""The page behind the mailed link: a button, so that only a person spends it."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from idp.domain.platform.digests import token_hash
from idp.domain.platform.instants import MINUTE
from idp.store.people.accounts import accounts
from idp.store.sign_in.devices import insert_sign_in_link
from idp.usecases.deps import Deps
from tests.web.sign_in.conftest import PORTAL, Person, trail, wait


@pytest.fixture
def link(deps: Deps) -> str:
    """A link as the job has mailed it."""
    now = deps.clock.now()
    with deps.transaction() as connection:
        account_id = connection.execute(select(accounts.c.id)).scalar_one()
        ends = deps.lifetimes.sign_in_link + now
        insert_sign_in_link(connection, token_hash("KEY"), account_id, PORTAL.client_id, now, ends)
    return "/sign-in/link?k=KEY"


def press(person: Person, link: str) -> TestResponse:
    page = person.client.get(link).text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    return person.client.post("/sign-in/link", data=fields)


def guess(person: Person, times: int) -> TestResponse:
    return [person.send(person.begin(), password="Autre2026demo") for _ in range(times)][-1]


def test_the_owner_passes_after_pressing_the_button(deps: Deps, claire: Person, mallory: Person, link: str) -> None:
    assert 429 == guess(mallory, 6).status_code
    assert 429 == claire.send(claire.begin()).status_code
    page = press(claire, link)
    assert 200 == page.status_code
    assert PORTAL.client_uri in page.text
    assert 303 == claire.send(claire.begin()).status_code
    assert "sign_in.link_used" in trail(deps)


def test_a_mailbox_that_opens_the_link_does_not_spend_it(claire: Person, mallory: Person, link: str) -> None:
    for _ in range(3):
        assert 200 == mallory.client.get(link).status_code
    assert 200 == press(claire, link).status_code


def test_a_link_is_spent_once(claire: Person, mallory: Person, link: str) -> None:
    press(claire, link)
    answer = press(mallory, link)
    assert 410 == answer.status_code
    assert "mire_device" not in str(answer.headers)


def test_an_old_link_is_refused_as_an_unknown_one(deps: Deps, claire: Person, link: str) -> None:
    wait(deps, 30 * MINUTE)
    old, unknown = press(claire, link), press(claire, "/sign-in/link?k=OTHER")
    assert (410, 410) == (old.status_code, unknown.status_code)


def test_the_page_is_the_same_for_a_good_key_and_a_made_up_one(claire: Person, link: str) -> None:
    def page(address: str) -> str:
        text = claire.client.get(address).text
        return re.sub(r'(nonce|value)="[^"]*"', "", text)

    assert page(link) == page("/sign-in/link?k=OTHER") == page("/sign-in/link")


def test_another_site_cannot_press_the_button(claire: Person, link: str) -> None:
    answer = claire.client.post("/sign-in/link", data={"k": "KEY", "form_token": "x.y"})
    assert 400 == answer.status_code
    assert 200 == press(claire, link).status_code
