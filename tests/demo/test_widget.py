"""The payroll desk embeds the gateway's form; what proves its answer stays at the desk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask, jsonify
from flask.testing import FlaskClient

from demo.partners import prepare
from demo.portal import create_portal
from demo.portals import PORTALS, Place, Portal
from idp.adapters.clock import Clock
from idp.adapters.registry_file import load_registry
from idp.domain.portals.clients import ClientRegistry
from idp.store.database import Database
from tests.browser.serving import serving, take_port
from tests.demo.portal_app import PortalUnderTest, portal_under_test, sign_in
from tests.quiet import quiet_app, quiet_deps

DESK = PORTALS[2]
MANIFEST = {
    "latest": "1.2.0",
    "versions": {
        "1.1.0": {"mire-login.js": {"integrity": "sha384-old", "bytes": 1}},
        "1.2.0": {"mire-login.js": {"integrity": "sha384-new", "bytes": 1}},
    },
}


@pytest.fixture
def desk(tmp_path: Path) -> PortalUnderTest:
    return portal_under_test(tmp_path, DESK)


@pytest.fixture
def registered(database: Database, tmp_path: Path) -> Iterator[Flask]:
    """The desk, and a gateway that read the demo's registry."""
    port = take_port()
    issuer = f"http://localhost:{port.getsockname()[1]}"
    place = Place(issuer, 8000, tmp_path)
    registry = load_registry(prepare(place), issuer, {})
    assert isinstance(registry, ClientRegistry)
    deps = quiet_deps(database, issuer=issuer, clock=Clock(), registry=lambda: registry)
    with serving(quiet_app(deps), port):
        yield plain(create_portal(DESK, place))


def plain(app: Flask) -> Flask:
    """Without the gateway's hygiene, which is not the partner's."""
    app.test_client_class = FlaskClient
    return app


def own(app: Flask) -> str:
    origin: str = app.extensions["portal"].origin(app.extensions["place"].base_port)
    return origin


def test_a_start_is_pushed_and_its_proofs_stay_at_the_desk(registered: Flask) -> None:
    """RFC 9126 with the desk's key; RFC 9700 section 2.1.1: verifier and nonce belong to this browser's session."""
    browser = registered.test_client()
    answer = browser.post("/sso/start", headers={"Origin": own(registered)})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    told = answer.get_json()
    assert set(told) == {"request_uri", "expires_in"}
    assert told["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    with browser.session_transaction() as session:
        (kept,) = (value["data"] for name, value in session.items() if name.startswith("_state_gateway_"))
        assert session["next"] == "/me"
    assert kept["redirect_uri"] == f"{own(registered)}/callback"
    assert min(len(kept[name]) for name in ("code_verifier", "nonce")) >= 20
    asked = parse_qs(urlsplit(kept["url"]).query)
    assert (asked["widget_origin"], asked["code_challenge_method"]) == ([own(registered)], ["S256"])


def test_the_newest_attempts_are_kept(registered: Flask) -> None:
    browser = registered.test_client()
    kept: list[list[str]] = []
    for _ in range(6):
        assert browser.post("/sso/start", headers={"Origin": own(registered)}).status_code == 200
        with browser.session_transaction() as session:
            kept.append([name for name in session if name.startswith("_state_")])
    assert [len(names) for names in kept] == [1, 2, 3, 4, 4, 4]
    assert kept[-1][:-1] == kept[-2][1:]


def test_a_request_that_the_gateway_refuses_leaves_nothing(registered: Flask) -> None:
    registered.extensions["gateway"].client_id = "compte-formation"
    browser = registered.test_client()
    assert browser.post("/sso/start", headers={"Origin": own(registered)}).status_code == 400
    with browser.session_transaction() as session:
        assert [name for name in session if name.startswith("_state_")] == []


@pytest.mark.parametrize("origin", ["http://evil.localhost:8003", "http://guichet-paie.localhost", "null", ""])
def test_no_other_site_starts_one(desk: PortalUnderTest, origin: str) -> None:
    """Nor one that names no origin: the gateway is not asked, and there is no session."""
    answer = desk.app.test_client().post("/sso/start", headers={"Origin": origin} if origin else {})
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (403, False)


def test_a_gateway_out_of_reach_is_no_json(desk: PortalUnderTest) -> None:
    """The loader then shows the link."""
    desk.app.extensions["gateway"].server_metadata["pushed_authorization_request_endpoint"] = "http://127.0.0.1:9/par"
    answer = desk.app.test_client().post("/sso/start", headers={"Origin": desk.own("")})
    assert (answer.status_code, answer.is_json) == (503, False)


@pytest.mark.parametrize("portal", PORTALS[:2], ids=lambda portal: portal.client_id)
def test_the_others_keep_the_redirect(tmp_path: Path, portal: Portal) -> None:
    other = portal_under_test(tmp_path, portal)
    answer = other.app.test_client().get("/")
    assert ("<mire-login" in answer.text, 'href="/login"' in answer.text) == (False, True)
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert other.app.test_client().post("/sso/start", headers={"Origin": other.own("")}).status_code == 404


@pytest.fixture
def published(tmp_path: Path) -> Iterator[tuple[Flask, dict[str, Any]]]:
    """The desk, and a gateway that publishes loaders; the second counts how often it was asked."""
    gateway, seen = Flask("gateway"), {"asked": 0, "manifest": MANIFEST}

    @gateway.get("/w/manifest.json")
    def manifest() -> Any:
        seen["asked"] += 1
        return jsonify(seen["manifest"]) if seen["manifest"] else ("", 503)

    under_test = portal_under_test(tmp_path, DESK)
    with serving(plain(gateway)) as port:
        under_test.app.extensions["place"] = replace(under_test.place, issuer=f"http://localhost:{port}")
        yield plain(create_portal(DESK, under_test.app.extensions["place"])), seen


def test_the_home_page_pins_the_newest_loader_and_asks_once(published: tuple[Flask, dict[str, Any]]) -> None:
    app, seen = published
    issuer = app.extensions["place"].issuer
    for _ in range(2):
        text = app.test_client().get("/").text
        assert f'<script src="{issuer}/w/1.2.0/mire-login.js" integrity="sha384-new" crossorigin="anonymous"' in text
        assert f'<mire-login issuer="{issuer}" client-id="guichet-paie" start-url="/sso/start"' in text
    assert seen["asked"] == 1


def test_only_the_page_with_the_widget_opens_its_policy(published: tuple[Flask, dict[str, Any]]) -> None:
    app, _ = published
    issuer = app.extensions["place"].issuer
    policies = {
        path: app.test_client().get(path).headers["Content-Security-Policy"] for path in ("/", "/mails/", "/nowhere")
    }
    opened = f"default-src 'none'; script-src {issuer}; frame-src {issuer}; connect-src 'self'; "
    assert policies["/"] == policies["/mails/"].replace("default-src 'none'; ", opened)
    assert ["script-src" in policy for policy in policies.values()] == [True, False, False]


def test_whoever_is_signed_in_sees_no_form(published: tuple[Flask, dict[str, Any]]) -> None:
    app, _ = published
    browser = app.test_client()
    with browser.session_transaction() as session:
        session["me"] = {"sub": "person-1"}
    answer = browser.get("/")
    assert [word for word in ("<mire-login", "<script", "/login") if word in answer.text] == []
    assert "script-src" not in answer.headers["Content-Security-Policy"]


def test_without_a_loader_the_link_stays(published: tuple[Flask, dict[str, Any]]) -> None:
    """And the gateway is asked again: it may have been started after the desk."""
    app, seen = published
    seen["manifest"] = None
    answer = app.test_client().get("/").text
    assert ("<script" in answer, 'href="/login"' in answer) == (False, True)
    seen["manifest"] = MANIFEST
    assert "<script" in app.test_client().get("/").text


def test_signed_out_the_desk_asks_again(desk: PortalUnderTest) -> None:
    browser = desk.app.test_client()
    sign_in(desk, browser)
    browser.get("/logout")
    assert "<mire-login" in browser.get("/").text
