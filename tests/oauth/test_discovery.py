"""Discovery says what is wired, and nothing else."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from flask import Flask

from idp.domain.portals.authentication_methods import BY_CERTIFICATE, WIRED
from idp.domain.portals.portal_rules import PortalRules
from idp.oauth.metadata import ENDPOINTS, server_metadata
from idp.oauth.well_known import routed_paths
from idp.store.database import Database
from idp.usecases.deps import Deps
from tests.quiet import quiet_app, quiet_deps

WRITTEN_OUT = {
    "response_modes_supported", "grant_types_supported", "token_endpoint_auth_methods_supported",
    "display_values_supported", "claim_types_supported", "claims_parameter_supported", "request_parameter_supported",
    "request_uri_parameter_supported", "require_request_uri_registration",
    "authorization_response_iss_parameter_supported",
    "introspection_endpoint_auth_methods_supported", "revocation_endpoint_auth_methods_supported",
    "backchannel_logout_supported", "backchannel_logout_session_supported", "frontchannel_logout_supported",
    "frontchannel_logout_session_supported", "require_pushed_authorization_requests",
    "tls_client_certificate_bound_access_tokens", "require_signed_request_object",
}  # fmt: skip
"""Members that the texts give a default: nobody should have to know it."""


@pytest.fixture
def deps(database: Database) -> Deps:
    return quiet_deps(database)


@pytest.fixture
def app(deps: Deps) -> Flask:
    return quiet_app(deps)


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"])
def test_both_addresses_answer_the_same_document_to_any_origin(app: Flask, path: str) -> None:
    answer = app.test_client().get(path)
    assert ("application/json", "*") == (answer.mimetype, answer.headers["Access-Control-Allow-Origin"])
    assert answer.json == app.test_client().get("/.well-known/openid-configuration").json


def test_every_announced_endpoint_is_routed_and_every_routed_endpoint_is_announced(app: Flask) -> None:
    document = app.test_client().get("/.well-known/openid-configuration").json
    assert document is not None
    announced = {urlsplit(document[name]).path for name in ENDPOINTS if name in document}
    assert set(ENDPOINTS.values()) & routed_paths(app) == announced


def test_what_is_not_routed_is_not_announced() -> None:
    document = server_metadata("https://op.example", {"/token"}, acr_values=["eidas1"], rules=PortalRules())
    assert {"token_endpoint"} == set(ENDPOINTS) & set(document)
    assert document["backchannel_logout_supported"] is False


def test_every_member_with_a_default_is_written_out(app: Flask) -> None:
    document = app.test_client().get("/.well-known/openid-configuration").json
    assert document is not None
    wired = {
        name for name in WRITTEN_OUT if name.split("_endpoint")[0] + "_endpoint" in document or "_endpoint" not in name
    }
    assert wired <= set(document)


def test_the_issuer_is_exactly_ours(app: Flask, deps: Deps) -> None:
    assert deps.issuer == (app.test_client().get("/.well-known/openid-configuration").json or {})["issuer"]


def test_no_insecure_choice_is_announced(app: Flask) -> None:
    document = app.test_client().get("/.well-known/openid-configuration").json or {}
    assert ["code"] == document["response_types_supported"]
    assert ["S256"] == document["code_challenge_methods_supported"]
    assert "none" not in document["id_token_signing_alg_values_supported"]
    assert {"implicit", "password"}.isdisjoint(document["grant_types_supported"])


def test_keys_are_public_keys_only(app: Flask) -> None:
    keys = (app.test_client().get("/jwks").json or {})["keys"]
    assert {"RS256", "PS256", "ES256", "EdDSA"} == {key["alg"] for key in keys}
    assert all({"d", "p", "q", "dp", "dq", "qi", "k"}.isdisjoint(key) for key in keys)


def test_a_reader_that_has_the_newest_document_gets_no_body(app: Flask) -> None:
    first = app.test_client().get("/jwks")
    again = app.test_client().get("/jwks", headers={"If-None-Match": first.headers["ETag"]})
    assert (304, b"") == (again.status_code, again.data)


def test_discovery_and_keys_need_no_database(app: Flask, deps: Deps) -> None:
    deps.database.close()
    deps.database.engine.pool.connect = None  # type: ignore[method-assign, assignment]
    client = app.test_client()
    assert [200, 200] == [client.get(path).status_code for path in ("/.well-known/openid-configuration", "/jwks")]


def test_introspection_is_announced_for_clients_that_prove_themselves_only(app: Flask) -> None:
    document = app.test_client().get("/.well-known/openid-configuration").json or {}
    assert "none" not in document["introspection_endpoint_auth_methods_supported"]
    assert "none" in document["token_endpoint_auth_methods_supported"]


@pytest.mark.parametrize("endpoint", ["token", "introspection", "revocation"])
def test_what_is_announced_of_client_authentication_is_what_is_wired(app: Flask, endpoint: str) -> None:
    """RFC 8414 section 2: methods, and the algorithms of assertions by key and by secret; never none."""
    document = app.test_client().get("/.well-known/openid-configuration").json
    assert document is not None
    methods = set(document[f"{endpoint}_endpoint_auth_methods_supported"])
    assert methods == set(WIRED - BY_CERTIFICATE) - ({"none"} if endpoint == "introspection" else set())
    algorithms = document[f"{endpoint}_endpoint_auth_signing_alg_values_supported"]
    assert ["RS256", "PS256", "ES256", "EdDSA", "HS256", "HS384", "HS512"] == algorithms
