"""\"Mes connexions\": what is open, and closing it."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, update

from idp.domain.platform.digests import token_hash
from idp.domain.portals.clients import Client, ClientRegistry
from idp.store.database import Database
from idp.store.portals.authorizations import refresh_families
from idp.store.sign_in.sessions import sessions
from idp.usecases.deps import Deps
from idp.usecases.portals.connections import MOST_SHOWN
from idp.usecases.sign_in.sessions import find_session
from tests.quiet import quiet_app, quiet_deps
from tests.rows import make_account, make_authorization, make_session

CLIENTS = {"formation": Client("formation", "Formation"), "payroll": Client("payroll", "Guichet paie")}


@pytest.fixture
def deps(database: Database) -> Deps:
    registry = ClientRegistry("d", CLIENTS)
    return quiet_deps(database, registry=lambda: registry)


@pytest.fixture
def account_id(deps: Deps) -> int:
    return make_account(deps)


@pytest.fixture
def browser(deps: Deps, account_id: int) -> FlaskClient:
    make_authorization(deps, make_session(deps, account_id), "formation")
    client = quiet_app(deps).test_client()
    client.set_cookie("__Host-mire_sid", "session", domain="connexion.example.fr", secure=True)
    return client


def lasting_access(deps: Deps, account_id: int) -> str:
    session = make_session(deps, account_id, "gone")
    name = make_authorization(deps, session, "payroll", offline=True)
    now = deps.clock.now()
    row = {
        "id": "f", "authorization_id": name, "client_id": "payroll", "generation": 1, "token_hash": token_hash("f"),
        "rotated_at": now, "last_used_at": now, "expires_at": now + deps.lifetimes.refresh_offline,
    }  # fmt: skip
    with deps.transaction() as connection:
        connection.execute(insert(refresh_families).values(row))
    return name


def press(browser: FlaskClient, **button: str) -> int:
    token = re.search(r'name="form_token" value="([^"]+)"', browser.get("/account/sessions").text)
    assert token is not None
    return browser.post("/account/sessions", data={"form_token": token[1], **button}).status_code


def test_our_name_alone_leads_to_the_page_of_portals(browser: FlaskClient) -> None:
    answer = browser.get("/")
    assert (303, "/account") == (answer.status_code, answer.location)
    assert "Mes portails" in browser.get("/", follow_redirects=True).text


def test_nobody_signed_in_is_sent_to_sign_in_as_at_any_portal(deps: Deps, database: Database) -> None:
    answer = quiet_app(deps).test_client().get("/account/sessions")
    assert 303 == answer.status_code
    assert (answer.location or "").startswith("https://connexion.example.fr/authorize?client_id=mire&")
    assert "code_challenge_method=S256" in (answer.location or "")


def test_the_page_names_the_portals_of_each_session(browser: FlaskClient) -> None:
    page = browser.get("/account/sessions").text
    assert "Formation" in page
    assert "Ce navigateur" in page


def test_sessions_of_one_browser_are_one_entry_and_end_together(
    deps: Deps, browser: FlaskClient, account_id: int
) -> None:
    for name in ("b", "c"):
        make_authorization(deps, make_session(deps, account_id, name), "payroll")
    page = browser.get("/account/sessions").text
    assert 1 == page.count('name="end"')
    assert "connexions\u00a0: 2" in page
    press(browser, end=re.findall(r'name="end" value="([^"]+)"', page)[0])
    assert [None, None] == [find_session(deps, "b"), find_session(deps, "c")]
    assert find_session(deps, "session") is not None


def test_this_browser_comes_first_and_the_list_is_capped(deps: Deps, browser: FlaskClient, account_id: int) -> None:
    for number in range(MOST_SHOWN + 3):
        name = f"s{number}"
        make_session(deps, account_id, name)
        with deps.transaction() as connection:
            connection.execute(update(sessions).where(sessions.c.id == name).values(browser_label=f"Browser {number}"))
    page = browser.get("/account/sessions").text
    assert MOST_SHOWN == page.count('name="end"')
    assert 1 == page.count('name="end_others"')
    assert page.index("Ce navigateur") < page.index('name="end_others"') < page.index('name="end"')
    assert "non affichées\u00a0: 3." in page


def test_a_network_is_named_as_people_know_it(deps: Deps, browser: FlaskClient, account_id: int) -> None:
    make_session(deps, account_id, "elsewhere")
    with deps.transaction() as connection:
        connection.execute(update(sessions).where(sessions.c.id == "elsewhere").values(address_prefix="203.0.113.7/32"))
    assert "Réseau 203.0.113.7." in browser.get("/account/sessions").text


def test_a_session_elsewhere_can_be_ended(deps: Deps, browser: FlaskClient, account_id: int) -> None:
    make_session(deps, account_id, "elsewhere")
    assert 303 == press(browser, end="elsewhere")
    assert find_session(deps, "elsewhere") is None
    assert find_session(deps, "session") is not None


def test_all_others_can_be_ended_at_once(deps: Deps, browser: FlaskClient, account_id: int) -> None:
    make_session(deps, account_id, "b")
    make_session(deps, account_id, "c")
    press(browser, end_others="1")
    assert [None, None] == [find_session(deps, "b"), find_session(deps, "c")]


def test_lasting_access_is_listed_and_can_be_taken_back(deps: Deps, browser: FlaskClient, account_id: int) -> None:
    name = lasting_access(deps, account_id)
    assert "Retirer cet accès" in browser.get("/account/sessions").text
    press(browser, take_back=name)
    assert "Retirer cet accès" not in browser.get("/account/sessions").text


def test_nobody_takes_back_what_is_not_theirs(deps: Deps, browser: FlaskClient) -> None:
    other = make_account(deps, "Sawyer")
    name = lasting_access(deps, other)
    press(browser, take_back=name)
    theirs = quiet_app(deps).test_client()
    make_session(deps, other, "theirs")
    theirs.set_cookie("__Host-mire_sid", "theirs", domain="connexion.example.fr", secure=True)
    assert "Retirer cet accès" in theirs.get("/account/sessions").text


def test_another_sites_form_ends_nothing(deps: Deps, browser: FlaskClient, account_id: int) -> None:
    make_session(deps, account_id, "elsewhere")
    assert 400 == browser.post("/account/sessions", data={"end": "elsewhere", "form_token": "x.y"}).status_code
    assert find_session(deps, "elsewhere") is not None


def test_coming_back_from_signing_in_leads_to_the_page(browser: FlaskClient) -> None:
    assert "/account/sessions" == browser.get("/account/callback?code=x").location
    assert "/account" == browser.get("/account/callback?code=x&state=%2Faccount").location


@pytest.mark.parametrize("state", ["https://evil.example/", "//evil.example", "/authorize", "/account/callback?code=x"])
def test_coming_back_never_leads_elsewhere(browser: FlaskClient, state: str) -> None:
    assert "/account/sessions" == browser.get("/account/callback", query_string={"code": "x", "state": state}).location
