"""A transaction belongs to the browser that began it: attacks with two browsers, in both directions."""

from __future__ import annotations

from typing import cast

import pytest
from sqlalchemy import select, update

from idp.adapters.clock import QuietClock
from idp.domain.platform.digests import token_hash
from idp.store.database import Database
from idp.store.platform.audit import audit_events
from idp.store.sign_in.transactions import authorization_transactions
from tests.pages import forms_of
from tests.portals import Browser, Gateway, gateway, location, members, portal, step, transaction

HOME = "https://portail.example.fr/"
STEPS = ("/sign-in", "/select-account", "/consent", "/authorize/resume")


@pytest.fixture
def at(database: Database) -> Gateway:
    return gateway(database, portal(require_consent=True), portal("again", initiate_login_uri=f"{HOME}login"))


@pytest.fixture
def mallory(at: Gateway) -> Browser:
    return at.browser()


@pytest.fixture
def victim(at: Gateway) -> Browser:
    browser = at.browser()
    browser.authorize()  # has our browser cookie, as everyone who has been here
    return browser


@pytest.mark.parametrize("page", STEPS)
def test_a_link_of_the_attackers_transaction_is_worthless_in_the_victims_browser(
    mallory: Browser, victim: Browser, page: str
) -> None:
    """Else the victim signs in, and the attacker's portal session is the victim's."""
    sent = transaction(mallory.authorize())
    victim.has_session()
    assert 403 == victim.http.get(page, query_string={"t": sent}).status_code


@pytest.mark.parametrize("page", STEPS)
def test_the_victims_transaction_is_worthless_in_the_attackers_browser(
    mallory: Browser, victim: Browser, page: str
) -> None:
    """Else who reads the address over a shoulder or in a log goes on with it, signed in as himself."""
    sent = transaction(victim.authorize())
    mallory.authorize()
    mallory.has_session()
    assert 403 == mallory.http.get(page, query_string={"t": sent}).status_code


@pytest.mark.parametrize("page", ["/sign-in", "/select-account", "/consent", "/cancel"])
def test_nothing_is_posted_into_a_foreign_transaction(mallory: Browser, victim: Browser, page: str) -> None:
    """Not even with a form token that the attacker's own browser was given for it."""
    sent = mallory.authorize()
    forms = forms_of(mallory.http.get(location(sent)))
    victim.has_session()
    for form in forms.found:
        answer = victim.http.post(page, query_string={"t": transaction(sent)}, data={**form, "decision": "allow"})
        assert 403 == answer.status_code


def test_without_the_binding_the_attack_works(mallory: Browser, victim: Browser) -> None:
    """The control: bound to the victim's browser by hand, the attacker's transaction gives the victim's code."""
    sent = transaction(mallory.authorize(client_id="again"))
    victim.has_session()
    assert 403 == victim.resume(sent).status_code
    cookie = victim.http.get_cookie("__Host-mire_browser", domain="connexion.example.fr")
    assert cookie is not None
    with victim.deps.transaction() as connection:
        stolen = update(authorization_transactions).where(authorization_transactions.c.id == sent)
        connection.execute(stolen.values(browser_hash=token_hash(cookie.value)))
    assert "code" in members(victim.resume(sent))


def test_a_foreign_browser_is_traced(mallory: Browser, victim: Browser) -> None:
    victim.resume(transaction(mallory.authorize()))
    with victim.deps.read() as connection:
        assert ["transaction.foreign_browser"] == connection.execute(select(audit_events.c.event)).scalars().all()


def test_a_browser_that_lost_its_cookies_is_told_where_to_start_again(victim: Browser) -> None:
    sent = location(victim.authorize(client_id="again"))
    victim.http.delete_cookie("__Host-mire_browser", domain="connexion.example.fr")
    answer = victim.http.get(sent)
    assert 403 == answer.status_code
    assert f"{HOME}login" in answer.text


@pytest.mark.parametrize("page", STEPS)
def test_an_expired_page_offers_to_start_again_at_the_portal(victim: Browser, page: str) -> None:
    sent = transaction(victim.authorize())
    cast(QuietClock, victim.deps.clock).advance(victim.deps.lifetimes.transaction)
    answer = victim.http.get(page, query_string={"t": sent})
    assert (410, True) == (answer.status_code, HOME in answer.text)


def test_a_bookmarked_page_of_a_forgotten_transaction_still_knows_its_portal(victim: Browser) -> None:
    sent = location(victim.authorize())
    with victim.deps.transaction() as connection:
        connection.execute(authorization_transactions.delete())
    answer = victim.http.get(sent)
    assert (404, True) == (answer.status_code, HOME in answer.text)


def test_two_tabs_with_two_requests_do_not_disturb_one_another(victim: Browser) -> None:
    first, second = (transaction(victim.authorize(client_id="again", state=tab)) for tab in ("one", "two"))
    victim.has_session()
    victim.signs_in(second)
    assert "two" == members(victim.resume(second))["state"]
    assert "one" == members(victim.resume(first))["state"]


def test_one_browser_keeps_its_cookie_from_request_to_request(victim: Browser) -> None:
    assert [] == victim.authorize().headers.getlist("Set-Cookie")


def test_cancelling_tells_the_portal_and_closes_the_transaction(victim: Browser) -> None:
    sent = victim.authorize()
    page = forms_of(victim.http.get(location(sent)))
    form = next(f for f, to in zip(page.found, page.actions, strict=True) if to.startswith("/cancel"))
    posted = victim.http.post("/cancel", query_string={"t": transaction(sent)}, data=form)
    told = members(victim.http.get(location(posted)))
    assert ("access_denied", "s t") == (told["error"], told["state"])
    assert 410 == victim.resume(transaction(sent)).status_code


def test_a_redirect_uri_that_the_registry_dropped_meanwhile_is_not_redirected_to(at: Gateway, victim: Browser) -> None:
    sent = transaction(victim.authorize())
    registry = at.deps.registry()
    changed = gateway(at.deps.database, portal(redirect_uris=("https://portail.example.fr/new",)))
    same = changed.browser()
    same.http._cookies = victim.http._cookies
    assert registry.find("portail") is not None
    assert (400, None) == ((answer := same.resume(sent)).status_code, answer.headers.get("Location"))


def test_a_sign_in_page_left_open_comes_back_to_the_sign_in_page(victim: Browser) -> None:
    assert "/sign-in" == step(victim.resume(transaction(victim.authorize())))
