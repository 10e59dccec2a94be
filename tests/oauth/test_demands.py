"""prompt, max_age and hints over real requests, with time that passes."""

from __future__ import annotations

from typing import Any, cast

import pytest
from sqlalchemy import select

from idp.adapters.clock import QuietClock
from idp.domain.portals.clients import SigningAlgorithm, SubjectType
from idp.domain.portals.subjects import client_subject
from idp.store.database import Database
from idp.store.portals.authorizations import authorizations
from idp.store.sign_in.sessions import sessions
from idp.store.sign_in.transactions import authorization_transactions
from tests.portals import Browser, Gateway, error, gateway, location, members, portal, step, transaction

PAIRWISE = portal("pair", subject_type=SubjectType.PAIRWISE, sector_identifier="portail.example.fr")


@pytest.fixture
def at(database: Database) -> Gateway:
    return gateway(database, portal(), PAIRWISE)


@pytest.fixture
def browser(at: Gateway) -> Browser:
    browser = at.browser()
    browser.has_session()
    return browser


def passes(browser: Browser, seconds: int) -> None:
    cast(QuietClock, browser.deps.clock).advance(seconds * 1000)


def signs_in_anew(browser: Browser, transaction_id: str) -> None:
    """The same account proves itself again: what begin_session leaves, without a password's hash."""
    with browser.deps.transaction() as connection:
        changed = {"auth_time": browser.deps.clock.now(), "last_seen_at": browser.deps.clock.now()}
        connection.execute(sessions.update().values(changed))
    browser.signs_in(transaction_id)


@pytest.mark.parametrize("demand", [{"prompt": "login"}, {"max_age": "0"}], ids=str)
def test_a_demand_is_met_by_a_sign_in_of_the_transaction(browser: Browser, demand: dict[str, str]) -> None:
    sent = browser.authorize(**demand)
    assert "/sign-in" == step(sent)
    assert "/sign-in" == step(browser.resume(transaction(sent)))
    browser.signs_in(transaction(sent))
    assert "code" in members(browser.resume(transaction(sent)))


def test_a_sign_in_in_another_tab_does_not_meet_prompt_login(browser: Browser) -> None:
    sent = transaction(browser.authorize(prompt="login"))
    other = transaction(browser.authorize(prompt="login"))
    browser.signs_in(other)
    assert "/sign-in" == step(browser.resume(sent))


def auth_times(browser: Browser) -> list[Any]:
    with browser.deps.read() as connection:
        rows = connection.execute(select(authorizations.c.auth_time).order_by(authorizations.c.issued_at))
        return list(rows.scalars())


def test_a_max_age_that_is_still_met_asks_nothing_and_keeps_auth_time(browser: Browser) -> None:
    began = browser.deps.clock.now()
    passes(browser, 60)
    assert "code" in members(browser.authorize(max_age=10_000))
    assert [began] == auth_times(browser)


def test_a_max_age_that_has_passed_asks_and_moves_auth_time(browser: Browser) -> None:
    passes(browser, 2)
    sent = browser.authorize(max_age=1)
    assert "/sign-in" == step(sent)
    signs_in_anew(browser, transaction(sent))
    passes(browser, 30)
    assert "code" in members(browser.resume(transaction(sent)))
    assert [browser.deps.clock.now() - 30_000] == auth_times(browser)


def test_prompt_none_without_a_session_says_login_required(at: Gateway) -> None:
    assert "login_required" == error(at.browser().authorize(prompt="none"))


def test_prompt_none_sets_no_cookie_and_stores_nothing(at: Gateway) -> None:
    assert [] == at.browser().authorize(prompt="none").headers.getlist("Set-Cookie")


def test_prompt_none_with_a_session_gives_a_code(browser: Browser) -> None:
    assert "code" in members(browser.authorize(prompt="none"))


def test_an_idle_session_is_no_session(browser: Browser) -> None:
    passes(browser, 30 * 60)
    assert "login_required" == error(browser.authorize(prompt="none"))


def test_a_use_at_authorize_keeps_the_session_from_idling(browser: Browser) -> None:
    for _ in range(3):
        passes(browser, 20 * 60)
        assert "code" in members(browser.authorize(prompt="none"))


def test_a_candidate_does_not_reach_an_essential_eidas1(browser: Browser) -> None:
    with browser.deps.transaction() as connection:
        connection.execute(sessions.update().values(acr="eidas0"))
    asked = '{"id_token": {"acr": {"essential": true, "value": "eidas1"}}}'
    assert "unmet_authentication_requirements" == error(browser.authorize(claims=asked))
    assert "code" in members(browser.authorize(acr_values="eidas1"))


def hint_of(browser: Browser, client_id: str, subject: str) -> str:
    claims = {"iss": browser.deps.issuer, "aud": client_id, "sub": subject}
    return browser.deps.signer.sign(claims, alg=SigningAlgorithm.ES256, typ="JWT")


def test_a_pairwise_hint_names_the_person_as_its_own_client_knows_them(browser: Browser) -> None:
    pairwise = client_subject(PAIRWISE, "Moutin", browser.deps.pairwise_salt())
    assert "code" in members(browser.authorize(id_token_hint=hint_of(browser, "pair", pairwise), prompt="none"))
    assert "login_required" == error(
        browser.authorize(id_token_hint=hint_of(browser, "portail", pairwise), prompt="none")
    )


def test_who_signs_in_as_somebody_else_than_hinted_is_not_passed_on(at: Gateway) -> None:
    browser = at.browser()
    sent = browser.authorize(id_token_hint=hint_of(browser, "portail", "Sawyer"))
    browser.has_session()
    browser.signs_in(transaction(sent))
    assert "login_required" == error(browser.resume(transaction(sent)))


def test_the_same_session_has_one_sid_for_each_client(browser: Browser) -> None:
    for client_id in ("portail", "portail", "pair"):
        browser.authorize(client_id=client_id)
    with browser.deps.read() as connection:
        sids = connection.execute(select(authorizations.c.client_id, authorizations.c.sid).distinct()).all()
    assert 2 == len(sids) == len({row.sid for row in sids})
    assert {43} == {len(row.sid) for row in sids}


def test_of_a_hint_only_whom_it_names_is_stored(at: Gateway) -> None:
    browser = at.browser()
    sent = transaction(browser.authorize(id_token_hint=hint_of(browser, "portail", "Moutin")))
    with at.deps.read() as connection:
        stored = connection.execute(select(authorization_transactions.c.request)).scalar_one()
    assert ("portail Moutin", None) == (stored["verified_hint"], stored.get("id_token_hint"))
    browser.has_session()
    assert "code" in members(browser.resume(sent))


def test_a_portal_cannot_send_a_verified_hint_itself(browser: Browser) -> None:
    assert "code" in members(browser.authorize(verified_hint="portail Sawyer", prompt="none"))


def test_a_posted_hint_still_counts_when_the_browser_comes_for_it(browser: Browser) -> None:
    hint = hint_of(browser, "portail", "Sawyer")
    posted = browser.post_authorize(id_token_hint=hint, prompt="none")
    assert "login_required" == error(browser.http.get(location(posted)))
