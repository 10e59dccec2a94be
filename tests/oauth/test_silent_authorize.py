"""What single sign-on costs: three statements for a client in clients.yaml."""

from __future__ import annotations

from typing import Any, cast

import pytest

from idp.adapters.clock import QuietClock
from idp.domain.platform.instants import MINUTE
from idp.store.database import Database
from tests.portals import CHALLENGE, Browser, gateway, members, portal
from tests.statements import counted

PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


@pytest.fixture
def browser(database: Database) -> Browser:
    browser = gateway(database, portal(require_pkce=True), portal("consenting", require_consent=True)).browser()
    browser.has_session()
    return browser


def verbs(sent: list[str]) -> list[str]:
    return [statement.split()[0] for statement in sent]


@pytest.mark.parametrize("prompt", [None, "none"])
def test_silent_authorize_sends_three_statements(browser: Browser, prompt: str | None) -> None:
    """One join of session, account and consent; the authorization, which is the code; the audit row."""
    with counted(browser.deps.database) as sent:
        assert "code" in members(browser.authorize(prompt=prompt, **PKCE))
    assert ["SELECT", "INSERT", "INSERT"] == verbs(sent)
    for table in ("sessions", "accounts", "consents"):
        assert table in sent[0]
    assert ["authorizations", "audit_events"] == [statement.split()[2] for statement in sent[1:]]


def test_the_session_is_noted_as_used_at_most_once_a_minute(browser: Browser) -> None:
    cast(QuietClock, browser.deps.clock).advance(MINUTE)
    counts = []
    for _ in range(2):
        with counted(browser.deps.database) as sent:
            browser.authorize(**PKCE)
        counts.append(verbs(sent))
    assert [["SELECT", "INSERT", "UPDATE", "INSERT"], ["SELECT", "INSERT", "INSERT"]] == counts


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [({"prompt": "none"}, 0), ({}, 2), ({"response_type": "token"}, 0)],
    ids=["refused silently", "a transaction within its limit", "refused"],
)
def test_a_browser_without_a_session_costs(database: Database, parameters: dict[str, Any], expected: int) -> None:
    browser = gateway(database, portal()).browser()
    with counted(database) as sent:
        browser.authorize(**parameters)
    assert expected == len(sent)
