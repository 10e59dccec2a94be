"""OWASP ASVS 5.0 V10.7: what people agree to, for how long, and taking it back."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from idp.store.database import Database
from idp.store.platform.audit import audit_events
from idp.store.portals.authorizations import consents
from tests.negative.conftest import FIELDS, code_of, redeem, refusal, to_token
from tests.pages import token_of
from tests.portals import Browser, Gateway, gateway, location, portal, step, transaction

LASTS = "90 jours au plus, même en votre absence"
ENDS = "prend fin avec votre connexion, au bout de 12 heures"
BUTTON = 'name="withdraw"'


@pytest.fixture
def at(database: Database) -> Gateway:
    """Two portals that must be agreed to."""
    return gateway(
        database,
        portal(require_consent=True, **FIELDS),
        portal("neighbour", require_consent=True, client_name="Le voisin", secrets=FIELDS["secrets"]),
    )


def agree(browser: Browser, **parameters: Any) -> str:
    """The code of a request that this person agrees to."""
    sent = browser.authorize(**parameters)
    assert step(sent) == "/consent"
    form = {"form_token": token_of(browser.http.get(location(sent)), "/consent"), "decision": "allow"}
    posted = browser.http.post("/consent", query_string={"t": transaction(sent)}, data=form)
    return code_of(browser.http.get(location(posted)))


def withdraw(browser: Browser, client_id: str) -> TestResponse:
    """Press the button of "Mes connexions"."""
    token = token_of(browser.http.get("/account/sessions"), "/account/sessions")
    return browser.http.post("/account/sessions", data={"form_token": token, "withdraw": client_id})


def userinfo(browser: Browser, access_token: str) -> int:
    return browser.http.get("/userinfo", headers={"Authorization": f"Bearer {access_token}"}).status_code


def withdrawals(browser: Browser) -> list[tuple[str, str, Any]]:
    with browser.deps.read() as connection:
        rows = connection.execute(select(audit_events).where(audit_events.c.event == "consent.withdrawn"))
        return [(row.subject, row.client_id, row.facts["authorizations"]) for row in rows]


def test_the_page_says_for_how_long(browser: Browser) -> None:
    """ASVS 10.7.2: what is asked, by whom, and what the access lasts: with the session, or 90 days."""
    for scope, said, unsaid in (("openid email", ENDS, LASTS), ("openid offline_access", LASTS, ENDS)):
        page = browser.http.get(location(browser.authorize(scope=scope))).text
        assert said in page
        assert unsaid not in page
        assert "Mes connexions" in page, "and where it is withdrawn"


def test_agreements_are_listed_with_what_was_agreed(browser: Browser) -> None:
    """ASVS 10.7.3: people can review each consent, also one without lasting access."""
    assert BUTTON not in browser.http.get("/account/sessions").text
    agree(browser, scope="openid email")
    page = browser.http.get("/account/sessions").text
    assert (page.count(BUTTON), "Le portail" in page, "Votre adresse électronique" in page) == (1, True, True)
    agree(browser, client_id="neighbour", scope="openid profile")
    assert browser.http.get("/account/sessions").text.count(BUTTON) == 2


@pytest.mark.parametrize("scope", ["openid email", "openid email offline_access"])
def test_a_withdrawn_consent_ends_all_that_it_gave(browser: Browser, scope: str) -> None:
    """ASVS 10.7.3: withdrawn, every token of that portal for this person is worth nothing, and it must ask again."""
    given = redeem(browser, agree(browser, scope=scope)).json or {}
    waiting = code_of(browser.authorize(scope=scope))
    theirs = redeem(browser, agree(browser, client_id="neighbour"), "neighbour").json or {}
    assert (userinfo(browser, given["access_token"]), userinfo(browser, theirs["access_token"])) == (200, 200)
    assert withdraw(browser, "portail").status_code == 303
    refresh = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    assert refusal(to_token(browser, refresh)) == "invalid_grant"
    assert refusal(redeem(browser, waiting)) == "invalid_grant"
    assert userinfo(browser, given["access_token"]) == 401
    assert step(browser.authorize(scope=scope)) == "/consent"
    assert userinfo(browser, theirs["access_token"]) == 200, "the control: another portal keeps what it has"
    assert withdrawals(browser) == [("Moutin", "portail", 2)]


def test_nobody_withdraws_for_somebody_else(at: Gateway, browser: Browser) -> None:
    """ASVS 10.7.3: one's own consents, by a form of ours, once."""
    given = redeem(browser, agree(browser, scope="openid email")).json or {}
    other = at.browser()
    other.has_session("other", name="Sawyer")
    for client_id in ("portail", "neighbour", "nobody", "' OR 1=1 --", ""):
        assert withdraw(other, client_id).status_code == 303
    for token in ("", "x.y", token_of(other.http.get("/account/sessions"), "/account/sessions")):
        forged = browser.http.post("/account/sessions", data={"form_token": token, "withdraw": "portail"})
        assert forged.status_code == 400
    assert userinfo(browser, given["access_token"]) == 200
    assert withdrawals(browser) == []
    assert [withdraw(browser, "portail").status_code for _ in range(2)] == [303, 303]
    assert withdrawals(browser) == [("Moutin", "portail", 1)], "the control: once"
    with browser.deps.read() as connection:
        assert connection.execute(select(consents)).all() == []


def test_the_same_portal_keeps_what_other_people_gave(at: Gateway, browser: Browser) -> None:
    """ASVS 10.7.3: one person's withdrawal ends nothing of another's."""
    other = at.browser()
    other.has_session("other", name="Sawyer")
    kept = redeem(other, agree(other, scope="openid email")).json or {}
    agree(browser, scope="openid email")
    withdraw(browser, "portail")
    assert userinfo(other, kept["access_token"]) == 200
    assert code_of(other.authorize(scope="openid email", prompt="none"))
