"""Our cookies: their names and attributes by the issuer's scheme."""

from __future__ import annotations

import pytest
from flask import Flask, Response, request

from idp.http.cookies import (
    browser_cookie,
    clear_session_cookie,
    ensure_browser_cookie,
    session_cookie,
    set_device_cookie,
    set_session_cookie,
)
from idp.store.database import Database
from tests.quiet import quiet_app, quiet_deps


def app_of(database: Database, issuer: str) -> Flask:
    return quiet_app(quiet_deps(database, issuer=issuer))


@pytest.fixture
def app(database: Database) -> Flask:
    return app_of(database, "https://connexion.example.fr")


def test_on_https_a_cookie_belongs_to_this_host_alone(app: Flask) -> None:
    with app.test_request_context():
        response = Response()
        set_session_cookie(response, "v")
    assert "__Host-mire_sid=v; Secure; HttpOnly; Path=/; SameSite=Lax" == response.headers["Set-Cookie"]


def test_on_a_loopback_http_issuer_prefix_and_secure_are_lost(database: Database) -> None:
    with app_of(database, "http://localhost:8000").test_request_context():
        response = Response()
        set_session_cookie(response, "v")
    assert "mire_sid=v; HttpOnly; Path=/; SameSite=Lax" == response.headers["Set-Cookie"]


def test_a_known_device_is_known_for_180_days(app: Flask) -> None:
    with app.test_request_context():
        response = Response()
        set_device_cookie(response, "v")
    assert "Max-Age=15552000" in response.headers["Set-Cookie"]


def test_a_cookie_without_our_prefix_is_not_ours(app: Flask) -> None:
    """Another host of the domain can set `mire_sid`, never `__Host-mire_sid`."""
    with app.test_request_context(headers={"Cookie": "mire_sid=planted"}):
        assert "" == session_cookie(request)
    with app.test_request_context(headers={"Cookie": "__Host-mire_sid=ours"}):
        assert "ours" == session_cookie(request)


def test_an_endless_cookie_is_none(app: Flask) -> None:
    with app.test_request_context(headers={"Cookie": f"__Host-mire_browser={'a' * 65}"}):
        assert "" == browser_cookie(request)


def test_a_browser_keeps_the_binding_it_has(app: Flask) -> None:
    with app.test_request_context(headers={"Cookie": "__Host-mire_browser=mine"}):
        response = Response()
        assert "mine" == ensure_browser_cookie(response, request)
    assert "Set-Cookie" not in response.headers
    with app.test_request_context():
        token = ensure_browser_cookie(response, request)
    assert f"__Host-mire_browser={token};" in response.headers["Set-Cookie"]


def test_clearing_carries_the_same_attributes(app: Flask) -> None:
    with app.test_request_context():
        response = Response()
        clear_session_cookie(response)
    for attribute in ("__Host-mire_sid=;", "Max-Age=0", "Secure", "Path=/"):
        assert attribute in response.headers["Set-Cookie"]
