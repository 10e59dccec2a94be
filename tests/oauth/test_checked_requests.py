"""A request is checked once by each process, and again as soon as what it was checked against is another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from idp.adapters.held import Held
from idp.domain.portals.clients import Client, ClientRegistry
from idp.domain.portals.requests import AuthorizationRequest, SubjectHint
from idp.oauth import authorization_grant
from idp.oauth.authorize import CHECKED
from idp.oauth.checked_requests import MOST, CheckedRequests
from idp.store.database import Database
from tests.portals import Browser, Gateway, gateway, members, portal, registry_of, step, transaction


@pytest.fixture
def registry() -> Held[ClientRegistry]:
    return Held(registry_of(portal()))


@pytest.fixture
def at(database: Database, registry: Held[ClientRegistry]) -> Gateway:
    return Gateway(replace(gateway(database, portal()).deps, registry=registry))


@pytest.fixture
def browser(at: Gateway) -> Browser:
    browser = at.browser()
    browser.has_session()
    return browser


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    made: list[int] = []
    real = authorization_grant.check_request

    def counting(*arguments: Any) -> AuthorizationRequest:
        made.append(1)
        return real(*arguments)

    monkeypatch.setattr(authorization_grant, "check_request", counting)
    return made


def test_the_process_that_began_a_transaction_does_not_check_it_again(browser: Browser, checks: list[int]) -> None:
    begun = browser.authorize(prompt="select_account")
    assert "/select-account" == step(begun)
    assert "/select-account" == step(browser.resume(transaction(begun)))
    assert 1 == len(checks)


def test_another_process_checks_it_once(at: Gateway, browser: Browser, checks: list[int]) -> None:
    begun = browser.authorize(prompt="select_account")
    elsewhere = Gateway(at.deps).browser()
    elsewhere.http._cookies = browser.http._cookies
    for _ in range(2):
        assert "/select-account" == step(elsewhere.resume(transaction(begun)))
    assert 2 == len(checks)


def test_a_reload_is_heard_in_the_middle_of_a_sign_in(browser: Browser, registry: Held[ClientRegistry]) -> None:
    """A redirect URI that was taken away gets no code: an attacker who was found out loses what is under way."""
    begun = browser.authorize(prompt="login")
    browser.signs_in(transaction(begun))
    registry.swap(registry_of(portal(redirect_uris=("https://elsewhere.example/cb",))))
    assert 400 == browser.resume(transaction(begun)).status_code
    registry.swap(registry_of(portal()))
    assert "code" in members(browser.resume(transaction(begun))), "the control"


def asked(registry: ClientRegistry) -> AuthorizationRequest:
    client = registry.find("portail")
    assert client is not None
    return AuthorizationRequest(client, client.redirect_uris[0])


def test_what_another_registry_allowed_is_not_found(registry: Held[ClientRegistry]) -> None:
    checked, old, new = CheckedRequests(), registry(), registry_of(portal())
    checked.keep("t", asked(old), old)
    assert checked.find("t", old) is not None
    assert checked.find("t", new) is None
    checked.keep("u", asked(old), new)
    assert checked.find("u", new) is None, "it was checked against the old one"


def test_a_client_that_is_in_no_registry_is_looked_up_each_time(registry: Held[ClientRegistry]) -> None:
    checked = CheckedRequests()
    registered = Client("dcr.1", redirect_uris=("https://a.example/cb",))
    checked.keep("t", AuthorizationRequest(registered, "https://a.example/cb"), registry())
    assert checked.find("t", registry()) is None


def test_they_take_no_more_room_than_they_may(registry: Held[ClientRegistry]) -> None:
    checked, one = CheckedRequests(), asked(registry())
    for number in range(MOST + 1):
        checked.keep(str(number), one, registry())
    assert checked.find("0", registry()) is None
    assert checked.find(str(MOST), registry()) is not None


def test_what_names_a_client_of_no_registry_is_looked_at_each_time(registry: Held[ClientRegistry]) -> None:
    checked, hint = CheckedRequests(), SubjectHint(Client("dcr.1"), "somebody")
    checked.keep("t", replace(asked(registry()), hint=hint), registry())
    assert checked.find("t", registry()) is None


def test_an_answered_request_is_forgotten(browser: Browser, at: Gateway) -> None:
    """Its login_hint may name a person."""
    begun = browser.authorize(prompt="login", login_hint="99900037500017;MOUTIN;CLAIRE")
    checked: CheckedRequests = at.app.extensions[CHECKED]
    registry = at.deps.registry()
    assert checked.find(transaction(begun), registry) is not None, "the control"
    browser.signs_in(transaction(begun))
    assert "code" in members(browser.resume(transaction(begun)))
    assert checked.find(transaction(begun), registry) is None
