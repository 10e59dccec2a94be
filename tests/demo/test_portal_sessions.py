"""A portal's sessions live on its server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from demo import sessions
from tests.demo.portal_app import portal_under_test, sign_in


def test_the_cookie_tells_nothing_and_is_new_after_a_sign_in(tmp_path: Path) -> None:
    """Session fixation: a cookie planted before the sign-in is worth nothing after it."""
    portal = portal_under_test(tmp_path)
    browser = portal.app.test_client()
    browser.get("/login")
    planted = browser.get_cookie(sessions.COOKIE)
    assert planted is not None
    with portal.app.test_request_context("/", headers={"Cookie": f"{sessions.COOKIE}={planted.value}"}) as context:
        store = portal.app.extensions["store"]
        session = store.open_session(portal.app, context.request)
        session["me"] = {}
        store.renew(session)
        store.save_session(portal.app, session, portal.app.make_response(""))
    assert session.identifier != planted.value
    assert browser.get("/me.json").status_code == 401


def test_an_idle_session_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    portal = portal_under_test(tmp_path)
    browser: Any = portal.app.test_client()
    sign_in(portal, browser)
    assert browser.get("/me.json").status_code == 200
    monkeypatch.setattr(sessions, "IDLE_SECONDS", -1)
    assert browser.get("/me.json").status_code == 401
