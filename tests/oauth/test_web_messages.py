"""response_mode=web_message: the answer goes to a page of a registered origin, and to no other (RFC 9700 4.17)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from idp.store.database import Database
from tests.portals import CALLBACK, Browser, error, gateway, portal

ORIGIN = "https://portail.example.fr"


@pytest.fixture
def browser(database: Database) -> Browser:
    elsewhere = portal("elsewhere", web_origins=("https://autre.example.fr",))
    browser = gateway(database, portal(web_origins=(ORIGIN,)), elsewhere, portal("none")).browser()
    browser.has_session()
    return browser


def told(answer: Any) -> dict[str, str]:
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', answer.text))


def test_the_answer_is_for_the_origin_of_the_redirect_uri(browser: Browser) -> None:
    """Exactly this origin is written as the receiver and as the one that may frame the page; never a wildcard."""
    answer = browser.authorize(response_mode="web_message")
    assert f'data-origin="{ORIGIN}"' in answer.text
    assert '<span class="origin">connexion.example.fr</span>' in answer.text, "whose page it is stays said"
    assert f"frame-ancestors {ORIGIN};" in answer.headers["Content-Security-Policy"]
    assert set(told(answer)) == {"code", "state", "iss"}
    assert "*" not in answer.headers["Content-Security-Policy"]


def test_an_error_travels_the_same_way(browser: Browser) -> None:
    answer = browser.authorize(response_mode="web_message", scope="x")
    assert told(answer)["error"] == "invalid_scope"
    assert f'data-origin="{ORIGIN}"' in answer.text


@pytest.mark.parametrize("client_id", ["elsewhere", "none"])
def test_a_client_without_that_origin_is_told_so_in_the_query(browser: Browser, client_id: str) -> None:
    """No message leaves for an origin that was not registered for it."""
    answer = browser.authorize(client_id=client_id, response_mode="web_message")
    assert (error(answer), "code" in answer.headers["Location"]) == ("invalid_request", False)


def test_every_other_page_may_be_framed_by_nobody(browser: Browser) -> None:
    """The control: the same request in another mode."""
    for mode in ("form_post", "form_post.jwt"):
        policy = browser.authorize(response_mode=mode).headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy


def test_the_code_of_a_message_is_bound_to_its_redirect_uri(browser: Browser) -> None:
    code = told(browser.authorize(response_mode="web_message"))["code"]
    form = {"grant_type": "authorization_code", "code": code, "client_id": "portail", "redirect_uri": f"{CALLBACK}/x"}
    assert browser.http.post("/token", data=form).status_code in (400, 401)
