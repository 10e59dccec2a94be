"""A partner's page may call the endpoints from the browser if its origin is registered (clients.yaml, web_origins)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from idp.domain.portals.clients import ClientAuthentication
from idp.domain.portals.registry_content import make_registry
from idp.store.database import Database
from idp.usecases.deps import Deps
from tests.oauth.conftest import ISSUER, PARTNERS, SECRET, partner
from tests.quiet import quiet_deps

PAGE = "https://app.example.fr"
PORTAL_PAGE = "https://portail.example.fr"
OTHER_PAGE = "https://other.example.fr"
OTHER = partner(
    "other-page", token_endpoint_auth_method=ClientAuthentication.NONE, secrets=(), web_origins=(OTHER_PAGE,)
)
WITH_PAGE = partner("with-page", token_endpoint_auth_method=ClientAuthentication.NONE, secrets=(), web_origins=(PAGE,))


@pytest.fixture
def deps(database: Database) -> Deps:
    partners = [replace(one, web_origins=(PORTAL_PAGE,)) if one.client_id == "portal" else one for one in PARTNERS]
    registry = make_registry(ISSUER, [*partners, WITH_PAGE, OTHER], [])
    return quiet_deps(database, registry=lambda: registry)


@pytest.mark.parametrize(
    ("path", "methods"), [("/token", "POST"), ("/userinfo", "GET, POST"), ("/revoke", "POST"), ("/par", "POST")]
)
def test_a_registered_page_may_ask_before_it_calls(web: FlaskClient, path: str, methods: str) -> None:
    answer = web.options(path, headers={"Origin": PAGE, "Access-Control-Request-Method": "POST"})
    assert (204, PAGE, methods, "authorization, content-type, dpop", "Origin") == (
        answer.status_code,
        answer.headers["Access-Control-Allow-Origin"],
        answer.headers["Access-Control-Allow-Methods"],
        answer.headers["Access-Control-Allow-Headers"],
        answer.headers["Vary"],
    )


def test_a_registered_page_may_read_answers_and_refusals(
    web: FlaskClient, tokens: Callable[..., dict[str, Any]]
) -> None:
    header = {"Origin": PORTAL_PAGE, "Authorization": f"Bearer {tokens()['access_token']}"}
    for answer in (web.get("/userinfo", headers=header), web.post("/token", headers={"Origin": PORTAL_PAGE})):
        assert PORTAL_PAGE == answer.headers["Access-Control-Allow-Origin"]
        assert "DPoP-Nonce, WWW-Authenticate" == answer.headers["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://app.example.fr.evil.example", PAGE + "/"])
def test_another_page_may_read_nothing(web: FlaskClient, origin: str) -> None:
    for answer in (web.options("/token", headers={"Origin": origin}), web.post("/token", headers={"Origin": origin})):
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Access-Control-Allow-Methods" not in answer.headers


def test_a_page_of_one_client_reads_no_answer_for_another(
    web: FlaskClient, tokens: Callable[..., dict[str, Any]]
) -> None:
    """The control is the page whose client it is."""
    token = tokens()["access_token"]

    def readable(origin: str, path: str, **sent: Any) -> bool:
        headers = {"Origin": origin, **sent.pop("headers", {})}
        return "Access-Control-Allow-Origin" in web.post(path, headers=headers, **sent).headers

    basic = {"Authorization": "Basic " + b64encode(f"portal:{SECRET}".encode()).decode()}
    for path, sent in (
        ("/userinfo", {"headers": {"Authorization": f"Bearer {token}"}}),
        ("/token", {"headers": basic, "data": {"grant_type": "authorization_code", "code": "none"}}),
        ("/revoke", {"headers": basic, "data": {"token": token}}),
        ("/par", {"headers": basic, "data": {"response_type": "code"}}),
    ):
        assert [True, False] == [readable(origin, path, **sent) for origin in (PORTAL_PAGE, OTHER_PAGE)], path


def test_a_stolen_code_that_is_redeemed_elsewhere_is_answered_to_nobody_who_reads(web: FlaskClient) -> None:
    """A public client's identifier is no secret: a page of another client that uses it reads nothing."""
    form = {"grant_type": "authorization_code", "code": "none", "client_id": "with-page"}
    answers = [web.post("/token", data=form, headers={"Origin": origin}) for origin in (PAGE, OTHER_PAGE)]
    assert [PAGE, None] == [answer.headers.get("Access-Control-Allow-Origin") for answer in answers]


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/jwks"])
def test_what_is_public_may_be_read_by_any_page_without_credentials(web: FlaskClient, path: str) -> None:
    answer = web.get(path, headers={"Origin": "https://anyone.example"})
    assert "*" == answer.headers["Access-Control-Allow-Origin"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/authorize", "/authorize/resume", "/end-session", "/introspect", "/register", "/device_authorization"]
)
def test_whatever_is_visited_or_is_for_servers_is_not_for_pages(web: FlaskClient, path: str) -> None:
    """RFC 9700 section 2.6: the authorization endpoint must not support CORS."""
    for answer in (
        web.options(path, headers={"Origin": PAGE, "Access-Control-Request-Method": "POST"}),
        web.get(path, headers={"Origin": PAGE}),
    ):
        assert [] == [name for name in answer.headers.keys() if name.startswith("Access-Control-")]


def test_introspection_is_not_for_pages(web: FlaskClient) -> None:
    assert "Access-Control-Allow-Origin" not in web.post("/introspect", headers={"Origin": PAGE}).headers


def test_without_an_origin_nothing_is_said_of_origins(web: FlaskClient) -> None:
    assert {"Access-Control-Allow-Origin", "Vary"}.isdisjoint(dict(web.post("/token").headers))
