"""A portal ends its own sessions when the gateway says so, and for nobody else."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.demo.portal_app import PortalUnderTest, portal_under_test, sign_in


@pytest.fixture
def portal(tmp_path: Path) -> PortalUnderTest:
    return portal_under_test(tmp_path)


def log_out(portal: PortalUnderTest, token: str) -> int:
    return portal.app.test_client().post("/backchannel-logout", data={"logout_token": token}).status_code


def test_a_logout_token_with_sid_ends_that_session_only(portal: PortalUnderTest) -> None:
    here, elsewhere = portal.app.test_client(), portal.app.test_client()
    sign_in(portal, here)
    sign_in(portal, elsewhere, sid="sid-2")
    assert log_out(portal, portal.logout_token()) == 200
    assert (here.get("/me.json").status_code, elsewhere.get("/me.json").status_code) == (401, 200)


def test_a_logout_token_without_sid_ends_every_session_of_the_person(portal: PortalUnderTest) -> None:
    here, elsewhere, another = (portal.app.test_client() for _ in range(3))
    sign_in(portal, here)
    sign_in(portal, elsewhere, sid="sid-2")
    sign_in(portal, another, sid="sid-3", sub="person-2")
    assert log_out(portal, portal.logout_token(sid=None)) == 200
    assert [browser.get("/me.json").status_code for browser in (here, elsewhere, another)] == [401, 401, 200]


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "http://localhost:6666"},
        {"aud": "guichet-paie"},
        {"nonce": "n"},
        {"events": {}},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": "yes"}},
        {"sid": None, "sub": None},
        {"jti": None},
        {"iat": int(time.time()) - 3600},
        {"exp": int(time.time()) - 3600},
        {"typ": "JWT"},
        {"typ": "at+jwt"},
    ],
    ids=lambda changes: ",".join(changes),
)
def test_a_token_that_is_no_logout_token_ends_nothing(portal: PortalUnderTest, changes: dict[str, Any]) -> None:
    browser = portal.app.test_client()
    sign_in(portal, browser)
    assert log_out(portal, portal.logout_token(**changes)) == 400
    assert browser.get("/me.json").status_code == 200


def test_a_forged_logout_token_ends_nothing(portal: PortalUnderTest, tmp_path: Path) -> None:
    browser = portal.app.test_client()
    sign_in(portal, browser)
    forger = portal_under_test(tmp_path / "forger")
    assert log_out(portal, forger.logout_token()) == 400
    assert browser.get("/me.json").status_code == 200


def test_a_logout_token_is_accepted_once(portal: PortalUnderTest) -> None:
    token = portal.logout_token()
    assert [log_out(portal, token), log_out(portal, token)] == [200, 400]


def test_a_request_in_flight_does_not_bring_an_ended_session_back(portal: PortalUnderTest) -> None:
    browser = portal.app.test_client()
    sign_in(portal, browser)
    with browser.session_transaction() as session:
        assert log_out(portal, portal.logout_token()) == 200
        session["notice"] = "written after the end"
    assert browser.get("/me.json").status_code == 401


def test_the_resource_answers_a_token_addressed_to_it(portal: PortalUnderTest) -> None:
    answer = portal.app.test_client().get(
        portal.portal.resource_path, headers={"Authorization": f"Bearer {portal.access_token()}"}
    )
    assert (answer.status_code, answer.get_json()["audience"]) == (200, portal.own("/api"))


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "http://localhost:8000"},
        {"aud": "http://guichet-paie.localhost:8003/api"},
        {"scope": "openid"},
        {"iss": "http://localhost:6666"},
        {"exp": int(time.time()) - 1},
        {"typ": "JWT"},
        {"sub": ""},
    ],
    ids=lambda changes: ",".join(changes),
)
def test_the_resource_refuses_every_other_token(portal: PortalUnderTest, changes: dict[str, Any]) -> None:
    answer = portal.app.test_client().get(
        portal.portal.resource_path, headers={"Authorization": f"Bearer {portal.access_token(**changes)}"}
    )
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')


def test_the_resource_asks_for_a_token(portal: PortalUnderTest) -> None:
    answer = portal.app.test_client().get(portal.portal.resource_path)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
