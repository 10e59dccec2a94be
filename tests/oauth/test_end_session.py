"""Signing out at a portal: who may, where it leads, and who can make whom sign out."""

from __future__ import annotations

import re
from typing import Any, cast

import pytest
from flask.testing import FlaskClient

from idp.adapters.clock import QuietClock
from idp.adapters.outbound import QuietOutbound
from idp.domain.platform.instants import DAY, to_seconds
from idp.domain.portals.clients import Client, ClientRegistry, SigningAlgorithm
from idp.store.database import Database
from idp.usecases.deps import Deps
from idp.usecases.sign_in.sessions import find_session
from tests.quiet import quiet_app, quiet_deps
from tests.rows import make_account, make_authorization, make_session

HOME = "https://formation.example.fr/bye?from=mire"
PORTAL = Client(
    "formation",
    "Formation",
    post_logout_redirect_uris=(HOME,),
    backchannel_logout_uri="https://formation.example.fr/back",
    client_uri="https://formation.example.fr/",
)


@pytest.fixture
def deps(database: Database) -> Deps:
    registry = ClientRegistry("d", {"formation": PORTAL})
    return quiet_deps(database, registry=lambda: registry)


@pytest.fixture
def browser(deps: Deps) -> FlaskClient:
    """A browser in which Moutin is signed in, with the portal reached."""
    session = make_session(deps, make_account(deps))
    make_authorization(deps, session, "formation")
    client = quiet_app(deps).test_client()
    client.set_cookie("__Host-mire_sid", "session", domain="connexion.example.fr", secure=True)
    client.set_cookie("__Host-mire_browser", "b" * 43, domain="connexion.example.fr", secure=True)
    return client


def hint(deps: Deps, **changed: Any) -> str:
    now = to_seconds(deps.clock.now())
    claims = {"iss": deps.issuer, "aud": "formation", "sub": "Moutin", "sid": "x", "iat": now, "exp": now + 300}
    return deps.signer.sign(claims | changed, alg=SigningAlgorithm.RS256, typ=changed.pop("typ", "JWT"))


def is_signed_in(deps: Deps) -> bool:
    return find_session(deps, "session") is not None


def test_a_portal_with_a_valid_hint_signs_out_and_gets_the_browser_back(deps: Deps, browser: FlaskClient) -> None:
    query = {"id_token_hint": hint(deps), "post_logout_redirect_uri": HOME, "state": "a b&c"}
    answer = browser.get("/end-session", query_string=query)
    assert (303, HOME + "&state=a+b%26c") == (answer.status_code, answer.location)
    assert not is_signed_in(deps)
    assert ["https://formation.example.fr/back"] == [url for _, url, _ in cast(QuietOutbound, deps.outbound).calls]


def test_no_state_is_invented(deps: Deps, browser: FlaskClient) -> None:
    answer = browser.get("/end-session", query_string={"id_token_hint": hint(deps), "post_logout_redirect_uri": HOME})
    assert HOME == answer.location


def test_an_expired_hint_is_accepted(deps: Deps, browser: FlaskClient) -> None:
    old = hint(deps)
    cast(QuietClock, deps.clock).advance(5 * 60 * 1000 + 1)
    assert (
        303
        == browser.get(
            "/end-session", query_string={"id_token_hint": old, "post_logout_redirect_uri": HOME}
        ).status_code
    )
    assert not is_signed_in(deps)


@pytest.mark.parametrize(
    "uri", ["https://formation.example.fr/bye", HOME + "&x=1", "https://evil.example/", HOME.upper(), ""]
)
def test_an_address_that_is_not_registered_is_not_gone_to(deps: Deps, browser: FlaskClient, uri: str) -> None:
    answer = browser.get(
        "/end-session", query_string={"id_token_hint": hint(deps), "post_logout_redirect_uri": uri, "state": "s"}
    )
    assert (200, None) == (answer.status_code, answer.location)
    assert "Formation" in answer.text
    assert not is_signed_in(deps)


@pytest.mark.parametrize("wrong", ["", "modified", "other issuer", "other client", "unknown client", "access token"])
def test_without_a_valid_hint_nothing_redirects_and_the_person_is_asked(
    deps: Deps, browser: FlaskClient, wrong: str
) -> None:
    good = hint(deps)
    tokens = {
        "": "",
        "modified": good[:-8] + ("A" * 8),
        "other issuer": hint(deps, iss="https://evil.example"),
        "other client": good,
        "unknown client": hint(deps, aud="nobody"),
        "access token": deps.signer.sign(
            {"iss": deps.issuer, "aud": "formation", "sub": "Moutin"}, alg=SigningAlgorithm.RS256, typ="at+jwt"
        ),
    }
    query = {"id_token_hint": tokens[wrong], "post_logout_redirect_uri": HOME, "state": "s"}
    if wrong == "other client":
        query["client_id"] = "somebody-else"
    answer = browser.get("/end-session", query_string=query)
    assert (200, None) == (answer.status_code, answer.location)
    assert "Se déconnecter ?" in answer.text
    assert is_signed_in(deps)


def test_a_hint_given_to_somebody_else_does_not_end_this_persons_session(deps: Deps, browser: FlaskClient) -> None:
    """The attack: an attacker's page sends the victim's browser here with the attacker's own ID token.

    The control is the first test: the same request with the victim's own hint signs out.
    """
    query = {"id_token_hint": hint(deps, sub="Attacker"), "post_logout_redirect_uri": HOME}
    assert 200 == browser.get("/end-session", query_string=query).status_code
    assert is_signed_in(deps)


def test_the_person_confirms_and_is_told_who_confirmed(deps: Deps, browser: FlaskClient) -> None:
    page = browser.get("/end-session").text
    token = re.search(r'name="form_token" value="([^"]+)"', page)
    assert token is not None
    answer = browser.post("/end-session/confirmed", data={"form_token": token[1]})
    assert "Ces portails ont confirmé" in answer.text
    assert not is_signed_in(deps)


@pytest.mark.parametrize("form_token", ["", "x.y", "wrong"])
def test_another_sites_form_does_not_confirm(deps: Deps, browser: FlaskClient, form_token: str) -> None:
    assert 400 == browser.post("/end-session/confirmed", data={"form_token": form_token}).status_code
    assert is_signed_in(deps)


def test_a_post_is_asked_again_by_get_and_keeps_its_parameters(deps: Deps, browser: FlaskClient) -> None:
    form = {"id_token_hint": hint(deps), "post_logout_redirect_uri": HOME, "state": "s", "evil": "x"}
    answer = browser.post("/end-session", data=form)
    assert 303 == answer.status_code
    assert "evil" not in (answer.location or "")
    assert HOME + "&state=s" == browser.get(answer.location or "").location


def test_a_browser_without_a_session_is_sent_back_all_the_same(deps: Deps, browser: FlaskClient) -> None:
    browser.delete_cookie("__Host-mire_sid", domain="connexion.example.fr")
    query = {"id_token_hint": hint(deps), "post_logout_redirect_uri": HOME, "state": "s"}
    assert HOME + "&state=s" == browser.get("/end-session", query_string=query).location
    assert "Vous êtes déconnecté" in browser.get("/end-session").text


def test_a_duplicated_parameter_is_refused(deps: Deps, browser: FlaskClient) -> None:
    address = f"/end-session?id_token_hint={hint(deps)}&post_logout_redirect_uri={HOME}&post_logout_redirect_uri=x"
    assert 400 == browser.get(address).status_code
    assert is_signed_in(deps)


def test_the_session_cookie_is_cleared(deps: Deps, browser: FlaskClient) -> None:
    answer = browser.get("/end-session", query_string={"id_token_hint": hint(deps), "post_logout_redirect_uri": HOME})
    assert any("mire_sid=;" in value for value in answer.headers.getlist("Set-Cookie"))


def test_a_hint_is_good_as_long_as_its_key_is_remembered(deps: Deps, browser: FlaskClient) -> None:
    old = hint(deps)
    cast(QuietClock, deps.clock).advance(20 * DAY)
    browser.get("/end-session", query_string={"id_token_hint": old, "post_logout_redirect_uri": HOME})
    assert deps.signer.verify(old, typ="JWT") is not None


def test_a_link_scanners_head_signs_nobody_out(deps: Deps, browser: FlaskClient) -> None:
    """The control is the first test: the same address by GET signs out."""
    query = {"id_token_hint": hint(deps), "post_logout_redirect_uri": HOME}
    assert 405 == browser.head("/end-session", query_string=query).status_code
    assert is_signed_in(deps)


def test_a_form_of_another_site_brings_no_cookie_and_takes_none_away(deps: Deps, browser: FlaskClient) -> None:
    """The attack: the cookie is not sent (SameSite=Lax), so the gateway sees nobody; it must not then delete it.

    The control is the confirmed sign-out above, whose answer does delete it.
    """
    stranger = browser.application.test_client()
    answer = stranger.post("/end-session/confirmed", data={"client_id": "formation"})
    assert (303, "/end-session") == (answer.status_code, answer.location)
    assert [] == answer.headers.getlist("Set-Cookie")
    assert [] == stranger.get("/end-session").headers.getlist("Set-Cookie")
    assert is_signed_in(deps)
