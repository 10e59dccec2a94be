"""Consent: asked when the client or the request wants it, remembered, and never in another's name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from idp.domain.portals.clients import GrantType
from idp.store.database import Database
from idp.store.platform.audit import audit_events
from idp.store.portals.authorizations import authorizations, consents
from tests.pages import token_of
from tests.portals import Browser, Gateway, error, gateway, location, members, portal, step, transaction


@pytest.fixture
def at(database: Database) -> Gateway:
    return gateway(
        database,
        portal(require_consent=True),
        portal("trusted"),
        portal("no-refresh", grant_types=frozenset({GrantType.AUTHORIZATION_CODE})),
    )


@pytest.fixture
def browser(at: Gateway) -> Browser:
    browser = at.browser()
    browser.has_session()
    return browser


def decide(browser: Browser, sent: TestResponse, decision: str) -> TestResponse:
    """Open the consent page and press one of its buttons; the answer of the resume."""
    page = browser.http.get(location(sent))
    form = {"form_token": token_of(page, "/consent"), "decision": decision}
    posted = browser.http.post("/consent", query_string={"t": transaction(sent)}, data=form)
    return browser.http.get(location(posted))


def scopes(browser: Browser) -> str:
    with browser.deps.read() as connection:
        found: str = connection.execute(select(authorizations.c.scope)).scalar_one()
    return found


def trail(browser: Browser) -> list[tuple[str, str, str]]:
    with browser.deps.read() as connection:
        rows = connection.execute(select(audit_events).order_by(audit_events.c.id))
        return [(row.event, row.subject, row.facts.get("scope", "")) for row in rows]


def test_a_client_that_requires_consent_sends_to_the_consent_page(browser: Browser) -> None:
    assert "/consent" == step(browser.authorize())


def test_a_client_that_does_not_asks_nothing(browser: Browser) -> None:
    assert "code" in members(browser.authorize(client_id="trusted"))


def test_the_page_says_who_asks_for_what(browser: Browser) -> None:
    page = browser.http.get(location(browser.authorize(scope="openid email"))).text
    for text in ("Le portail", "Claire Moutin", "adresse électronique"):
        assert text in page
    assert "téléphone" not in page


def test_agreeing_gives_the_code_and_leaves_a_trace(browser: Browser) -> None:
    assert "code" in members(decide(browser, browser.authorize(scope="openid email"), "allow"))
    expected = [("consent.given", "Moutin", "openid email"), ("authorization.granted", "Moutin", "openid email")]
    assert expected == trail(browser)


def test_agreeing_once_is_enough_for_the_same_and_for_less(browser: Browser) -> None:
    decide(browser, browser.authorize(scope="openid email"), "allow")
    assert "code" in members(browser.authorize(scope="openid email"))
    assert "code" in members(browser.authorize(scope="openid"))


def test_asking_for_more_asks_again_and_adds_to_what_was_agreed(browser: Browser) -> None:
    decide(browser, browser.authorize(scope="openid email"), "allow")
    sent = browser.authorize(scope="openid phone")
    assert "/consent" == step(sent)
    decide(browser, sent, "allow")
    with browser.deps.read() as connection:
        assert "email openid phone" == connection.execute(select(consents.c.scope)).scalar_one()


def test_refusing_tells_the_portal_and_ends_the_transaction(browser: Browser) -> None:
    sent = browser.authorize()
    assert "access_denied" == error(decide(browser, sent, "refuse"))
    assert 410 == browser.resume(transaction(sent)).status_code
    assert [("consent.refused", "Moutin", "openid")] == trail(browser)


def test_prompt_consent_asks_also_who_agreed_before(browser: Browser) -> None:
    decide(browser, browser.authorize(), "allow")
    sent = browser.authorize(prompt="consent")
    assert "/consent" == step(sent)
    assert "code" in members(decide(browser, sent, "allow"))


def test_prompt_consent_asks_also_for_a_client_that_does_not_require_it(browser: Browser) -> None:
    assert "/consent" == step(browser.authorize(client_id="trusted", prompt="consent"))


def test_prompt_none_says_that_consent_is_required(browser: Browser) -> None:
    assert "consent_required" == error(browser.authorize(prompt="none"))


def test_the_consent_of_one_person_is_not_that_of_another(at: Gateway, browser: Browser) -> None:
    decide(browser, browser.authorize(), "allow")
    other = at.browser()
    other.has_session("other", name="Sawyer")
    assert "/consent" == step(other.authorize())


OFFLINE = {"scope": "openid offline_access"}


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"client_id": "trusted"}, "openid"),
        ({"client_id": "trusted", "prompt": "consent"}, "openid offline_access"),
        ({"client_id": "portail"}, "openid offline_access"),
        ({"client_id": "no-refresh", "prompt": "consent"}, "openid"),
    ],
    ids=str,
)
def test_offline_access_needs_a_person_who_was_asked_and_a_client_that_may_refresh(
    browser: Browser, parameters: dict[str, Any], expected: str
) -> None:
    sent = browser.authorize(**OFFLINE, **parameters)
    if location(sent).startswith("/consent"):
        decide(browser, sent, "allow")
    assert expected == scopes(browser)


def test_a_form_shown_to_one_person_does_not_speak_for_the_next(browser: Browser) -> None:
    """Another tab signs somebody else in while the consent page is open."""
    sent = browser.authorize()
    page = browser.http.get(location(sent))
    browser.has_session("next", name="Sawyer")
    form = {"form_token": token_of(page, "/consent"), "decision": "allow"}
    answer = browser.http.post("/consent", query_string={"t": transaction(sent)}, data=form)
    assert 400 == answer.status_code
    with browser.deps.read() as connection:
        assert [] == connection.execute(select(consents)).all()


def test_a_form_of_another_site_is_refused(browser: Browser) -> None:
    sent = browser.authorize()
    answer = browser.http.post("/consent", query_string={"t": transaction(sent)}, data={"decision": "allow"})
    assert 400 == answer.status_code
    assert "/consent" == step(browser.resume(transaction(sent)))


def test_who_lost_the_session_is_sent_back_to_the_dispatcher(browser: Browser) -> None:
    sent = browser.authorize()
    browser.http.delete_cookie("__Host-mire_sid", domain="connexion.example.fr")
    assert "/authorize/resume" == step(browser.http.get(location(sent)))
    assert "/sign-in" == step(browser.resume(transaction(sent)))


def test_select_account_asks_whoever_has_a_session(browser: Browser) -> None:
    sent = browser.authorize(client_id="trusted", prompt="select_account")
    assert "/select-account" == step(sent)
    assert "Claire Moutin" in browser.http.get(location(sent)).text


def test_going_on_with_the_account_gives_the_code(browser: Browser) -> None:
    sent = browser.authorize(client_id="trusted", prompt="select_account")
    form = {"form_token": token_of(browser.http.get(location(sent)), "/select-account")}
    posted = browser.http.post("/select-account", query_string={"t": transaction(sent)}, data=form)
    assert "code" in members(browser.http.get(location(posted)))


def test_an_account_chosen_by_a_forged_form_is_not_chosen(browser: Browser) -> None:
    sent = browser.authorize(client_id="trusted", prompt="select_account")
    assert 400 == browser.http.post("/select-account", query_string={"t": transaction(sent)}).status_code
    assert "/select-account" == step(browser.resume(transaction(sent)))


def test_a_consent_that_the_registry_no_longer_asks_for_is_not_asked(at: Gateway, browser: Browser) -> None:
    sent = browser.authorize()
    registry = at.deps.registry()
    relaxed = replace(registry, clients={**registry.clients, "portail": portal()})
    gateway_now = Gateway(replace(at.deps, registry=lambda: relaxed))
    same = gateway_now.browser()
    same.http._cookies = browser.http._cookies
    assert "code" in members(same.resume(transaction(sent)))
