"""/register/CLIENT_ID: a client manages its registration, and nobody else does (RFC 7592)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from idp.store.platform.audit import audit_events
from idp.store.platform.keys import list_sealed
from idp.store.portals.registered_clients import registered_origins
from idp.usecases.deps import Deps
from idp.usecases.portals.clients import find_client, is_client_origin
from tests.oauth.conftest import CALLBACK, Codes, basic
from tests.oauth.test_registration import bearer, invite, register, statement
from tests.oauth.test_registration import deps as deps  # with a trusted publisher
from tests.quiet import quiet_app

PLAIN = {"redirect_uris": [CALLBACK]}


@pytest.fixture
def mine(deps: Deps, web: FlaskClient) -> dict[str, Any]:
    """What a client was answered when it registered."""
    body: dict[str, Any] = register(
        deps, web, client_name="Jeu", contacts=["a@b.fr"], grant_types=["authorization_code", "client_credentials"]
    ).json
    return body


def at(body: dict[str, Any]) -> str:
    return f"/register/{body['client_id']}"


def own(body: dict[str, Any]) -> dict[str, str]:
    return bearer(body["registration_access_token"])


def change(web: FlaskClient, body: dict[str, Any], **metadata: Any) -> Any:
    return web.put(at(body), json={"client_id": body["client_id"], **PLAIN, **metadata}, headers=own(body))


def test_reading_tells_what_is_registered(web: FlaskClient, mine: dict[str, Any]) -> None:
    """RFC 7592 section 2.1. The secret is not there: only its digest is kept."""
    answer = web.get(at(mine), headers=own(mine))
    assert 200 == answer.status_code
    assert {name: value for name, value in mine.items() if not name.startswith("client_secret")} == answer.json


def test_only_its_own_token_opens_a_registration(deps: Deps, web: FlaskClient, mine: dict[str, Any]) -> None:
    """RFC 7592 section 2, 3: bound to its client; the control is the client's own token at the end."""
    other = register(deps, web).json
    for headers in (
        {},
        own(other),
        bearer("guess"),
        bearer(invite(deps)),
        basic(mine["client_id"], mine["client_secret"]),
    ):
        for method in ("get", "put", "delete"):
            json = {"client_id": mine["client_id"], **PLAIN} if method == "put" else None
            answer = getattr(web, method)(at(mine), headers=headers, json=json)
            assert (401, {"error": "invalid_token"}) == (answer.status_code, answer.json)
    assert 401 == web.get("/register/portal", headers=own(mine)).status_code
    assert 401 == web.get("/register/reg.nobodynobodynobodyno", headers=own(mine)).status_code
    assert 200 == web.get(at(mine), headers=own(mine)).status_code


def test_a_change_replaces_everything(deps: Deps, web: FlaskClient, mine: dict[str, Any]) -> None:
    """RFC 7592 section 2.2: what is left out has its default again; null is left out."""
    answer = change(web, mine, client_name="Autre", policy_uri=None, web_origins=["https://portail.example.fr"])
    assert 200 == answer.status_code
    assert "Autre" == answer.json["client_name"]
    assert "contacts" not in answer.json
    assert ["authorization_code"] == answer.json["grant_types"]
    client = find_client(deps, mine["client_id"])
    assert client is not None
    assert "Autre" == client.client_name
    assert is_client_origin(deps, "https://portail.example.fr")
    again = {**mine, **answer.json}
    assert 200 == change(web, again).status_code
    assert not is_client_origin(deps, "https://portail.example.fr")


def test_a_change_gives_a_new_token_and_keeps_the_secret(web: FlaskClient, mine: dict[str, Any]) -> None:
    """RFC 7592 section 2.2, 3: the old registration access token is worth nothing from then on."""
    answer = change(web, mine, grant_types=["authorization_code", "client_credentials"])
    assert "client_secret" not in answer.json
    assert 401 == web.get(at(mine), headers=own(mine)).status_code
    assert 200 == web.get(at(mine), headers=own(answer.json)).status_code
    headers = basic(mine["client_id"], mine["client_secret"])
    assert 200 == web.post("/token", data={"grant_type": "client_credentials"}, headers=headers).status_code


def test_a_client_that_comes_to_need_a_secret_gets_one(web: FlaskClient, mine: dict[str, Any]) -> None:
    public = change(web, mine, token_endpoint_auth_method="none").json
    assert "client_secret" not in public
    confidential = change(web, public, token_endpoint_auth_method="client_secret_post").json
    assert confidential["client_secret"] != mine["client_secret"]
    assert 0 == confidential["client_secret_expires_at"]


def test_a_client_cannot_choose_who_it_is(web: FlaskClient, mine: dict[str, Any]) -> None:
    """RFC 7592 section 2.2: client_id is repeated as it is, and a client_secret only as it is."""
    for wrong in ({"client_id": "portal"}, {"client_id": None}, {"client_secret": "x" * 43}, {"client_secret": 7}):
        answer = change(web, mine, **wrong)
        assert (400, "invalid_client_metadata") == (answer.status_code, answer.json["error"])
    assert 200 == change(web, mine, client_secret=mine["client_secret"]).status_code


def test_a_wrong_change_changes_nothing(web: FlaskClient, mine: dict[str, Any]) -> None:
    answer = change(web, mine, redirect_uris=["https://jeu.example.fr/#a"])
    assert (400, "invalid_redirect_uri") == (answer.status_code, answer.json["error"])
    assert [CALLBACK] == web.get(at(mine), headers=own(mine)).json["redirect_uris"]


def test_a_change_cannot_escape_the_publisher(deps: Deps, web: FlaskClient) -> None:
    """RFC 7591 section 3.1.1: what the statement said holds for as long as the client does."""
    text = statement(deps, redirect_uris=["https://jeu.example.fr/cb"])
    body = register(deps, web, software_statement=text).json
    changed = change(web, body, redirect_uris=["https://pirate.example.fr/cb"]).json
    assert ["https://jeu.example.fr/cb"] == changed["redirect_uris"]
    assert text == changed["software_statement"]


def test_two_changes_at_the_same_moment_are_one(deps: Deps, web: FlaskClient, mine: dict[str, Any]) -> None:
    """The token that a change replaces is good once: one conditional UPDATE."""
    app = quiet_app(deps)
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: change(app.test_client(), mine).status_code, range(16)))
    assert 1 == statuses.count(200)
    assert 15 == statuses.count(401)


def test_leaving_ends_everything_it_was_given(deps: Deps, web: FlaskClient, give_code: Codes) -> None:
    """RFC 7592 section 2.3: 204, and its tokens, codes and grants end."""
    body = register(deps, web, grant_types=["authorization_code", "refresh_token", "client_credentials"]).json
    headers = basic(body["client_id"], body["client_secret"])
    machine = web.post("/token", data={"grant_type": "client_credentials"}, headers=headers).json["access_token"]
    form = {
        "grant_type": "authorization_code", "code": give_code(body["client_id"]), "redirect_uri": CALLBACK,
        "code_verifier": "v" * 43,
    }  # fmt: skip
    given = web.post("/token", data=form, headers=headers).json
    ask = {"Authorization": f"Bearer {given['access_token']}"}
    assert 200 == web.get("/userinfo", headers=ask).status_code
    assert web.post("/introspect", data={"token": machine}, headers=headers).json["active"]
    gone = web.delete(at(body), headers=own(body))
    assert (204, b"") == (gone.status_code, gone.data)
    assert 401 == web.get("/userinfo", headers=ask).status_code
    refresh = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    assert 401 == web.post("/token", data=refresh, headers=headers).status_code
    assert 401 == web.get(at(body), headers=own(body)).status_code
    assert 401 == web.delete(at(body), headers=own(body)).status_code
    with deps.read() as connection:
        assert [] == list(connection.execute(select(registered_origins)))


def test_every_act_is_traced(deps: Deps, web: FlaskClient, mine: dict[str, Any]) -> None:
    changed = change(web, mine).json
    web.get(at(mine), headers=own(mine))
    web.delete(at(mine), headers=own(changed))
    with deps.read() as connection:
        traced = list(connection.execute(select(audit_events.c.event).order_by(audit_events.c.id)).scalars())
    assert [
        "client.invited", "client.registered", "client.registration_changed", "client.registration_refused",
        "client.tokens_ended", "client.removed",
    ] == traced  # fmt: skip


def test_a_secret_to_compute_with_comes_and_goes(deps: Deps, web: FlaskClient, mine: dict[str, Any]) -> None:
    """A digest cannot become a secret again, so a change to client_secret_jwt gives a new one, which then stays."""
    first = change(web, mine, token_endpoint_auth_method="client_secret_jwt").json
    kept = change(web, first, token_endpoint_auth_method="client_secret_jwt").json
    assert "client_secret" not in kept
    client = find_client(deps, mine["client_id"])
    assert client is not None
    assert first["client_secret"] == client.secrets[0].secret
    back = change(web, kept).json
    assert back["client_secret"] not in (mine["client_secret"], first["client_secret"])
    with deps.read() as connection:
        assert [] == list_sealed(connection)
