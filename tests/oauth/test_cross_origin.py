"""A partner's page may call the endpoints from the browser if its origin is registered (clients.yaml, web_origins)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from idp.domain.portals.clients import ClientAuthentication
from idp.domain.portals.registry_content import make_registry
from idp.store.database import Database
from idp.usecases.deps import Deps
from tests.oauth.conftest import ISSUER, PARTNERS, partner
from tests.quiet import quiet_deps

PAGE = "https://app.example.fr"
WITH_PAGE = partner("with-page", token_endpoint_auth_method=ClientAuthentication.NONE, secrets=(), web_origins=(PAGE,))


@pytest.fixture
def deps(database: Database) -> Deps:
    registry = make_registry(ISSUER, [*PARTNERS, WITH_PAGE], [])
    return quiet_deps(database, registry=lambda: registry)


@pytest.mark.parametrize(("path", "methods"), [("/token", "POST"), ("/userinfo", "GET, POST"), ("/revoke", "POST")])
def test_a_registered_page_may_ask_before_it_calls(web: FlaskClient, path: str, methods: str) -> None:
    answer = web.options(path, headers={"Origin": PAGE, "Access-Control-Request-Method": "POST"})
    assert (204, PAGE, methods, "authorization, content-type", "Origin") == (
        answer.status_code,
        answer.headers["Access-Control-Allow-Origin"],
        answer.headers["Access-Control-Allow-Methods"],
        answer.headers["Access-Control-Allow-Headers"],
        answer.headers["Vary"],
    )


def test_a_registered_page_may_read_answers_and_refusals(
    web: FlaskClient, tokens: Callable[..., dict[str, Any]]
) -> None:
    header = {"Origin": PAGE, "Authorization": f"Bearer {tokens()['access_token']}"}
    for answer in (web.get("/userinfo", headers=header), web.post("/token", headers={"Origin": PAGE})):
        assert PAGE == answer.headers["Access-Control-Allow-Origin"]
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://app.example.fr.evil.example", PAGE + "/"])
def test_another_page_may_read_nothing(web: FlaskClient, origin: str) -> None:
    for answer in (web.options("/token", headers={"Origin": origin}), web.post("/token", headers={"Origin": origin})):
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Access-Control-Allow-Methods" not in answer.headers


def test_introspection_is_not_for_pages(web: FlaskClient) -> None:
    assert "Access-Control-Allow-Origin" not in web.post("/introspect", headers={"Origin": PAGE}).headers


def test_without_an_origin_nothing_is_said_of_origins(web: FlaskClient) -> None:
    assert {"Access-Control-Allow-Origin", "Vary"}.isdisjoint(dict(web.post("/token").headers))
