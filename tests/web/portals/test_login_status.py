"""When browsers are told that somebody is signed in here, and when not any more (Login Status, FedCM)."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from tests.web.portals.conftest import Visitor

ATTRIBUTES = {"Secure", "HttpOnly", "Path=/fedcm", "SameSite=None"}
COOKIE = "__Secure-mire_fedcm"


def told(answer: TestResponse) -> tuple[str | None, list[str]]:
    """The login status, and our cookies for the browser's own requests."""
    cookies = [cookie for cookie in answer.headers.getlist("Set-Cookie") if cookie.startswith(COOKIE)]
    return answer.headers.get("Set-Login"), cookies


def test_a_hand_over_says_so_where_the_session_begins(visitor: Visitor) -> None:
    """Widget design 4.6: with the session's own cookie, on the answer of the browser's top level."""
    visitor.registry.change_widget(fedcm=True)
    ticket = visitor.ticket()
    status, cookies = told(visitor.confirm(visitor.hand_over(ticket)))
    assert (status, len(cookies)) == ("logged-in", 1)
    assert set(cookies[0].split("; ")) >= ATTRIBUTES
    assert "Max-Age" not in cookies[0]


def test_who_does_not_stay_signed_in_is_offered_nowhere(visitor: Visitor) -> None:
    visitor.registry.change_widget(fedcm=True)
    assert told(visitor.confirm(visitor.hand_over(visitor.ticket()), "no")) == (None, [])


@pytest.mark.parametrize("fedcm", [True, False])
def test_without_a_client_that_wants_it_nothing_is_said(visitor: Visitor, fedcm: bool) -> None:
    """Quiet by default. The control: the one registration that changes it."""
    visitor.registry.change_widget(fedcm=fedcm)
    confirmed = visitor.confirm(visitor.hand_over(visitor.ticket()))
    assert (told(confirmed) == (None, [])) is not fedcm


def test_a_widget_that_is_switched_off_offers_nobody_either(visitor: Visitor) -> None:
    visitor.registry.change_widget(fedcm=True)
    step = visitor.hand_over(visitor.ticket())
    visitor.registry.change_widget(enabled=False)
    assert told(visitor.confirm(step)) == (None, [])


def test_signing_out_says_so_and_takes_the_cookie_away(visitor: Visitor) -> None:
    """Widget design 4.9."""
    visitor.registry.change_widget(fedcm=True)
    visitor.confirm(visitor.hand_over(visitor.ticket()))
    page = visitor.client.get("/end-session")
    token = page.text.partition('name="form_token" value="')[2].partition('"')[0]
    assert told(page) == (None, [])
    status, cookies = told(visitor.client.post("/end-session/confirmed", data={"form_token": token}))
    assert (status, len(cookies)) == ("logged-out", 1)
    assert set(cookies[0].split("; ")) >= {*ATTRIBUTES, "Max-Age=0"}
