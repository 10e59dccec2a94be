"""What the conformance suite is given: two clients of each authentication method, known to the gateway by half."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest

from idp.adapters.registry_file import load_registry
from idp.domain.portals.authentication_methods import BY_CERTIFICATE
from idp.domain.portals.clients import ClientAuthentication, ClientRegistry
from tests.conformance.proxy import ROOT
from tests.conformance.target import Target, make_credentials

CALLBACK = "https://localhost:8443/test/a/mire/callback"


@pytest.fixture
def target(tmp_path: Path) -> Target:
    clients = tmp_path / "tests" / "conformance" / "clients.yaml"
    clients.parent.mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "conformance" / "clients.yaml", clients)
    made = Target(tmp_path / "var" / "conformance", clients=clients)
    made.folder.mkdir(parents=True)
    make_credentials(made)
    return made


def registry_of(target: Target) -> ClientRegistry:
    loaded = load_registry(target.clients, target.issuer, {})
    assert isinstance(loaded, ClientRegistry), loaded
    return loaded


def test_there_are_two_clients_of_each_method(target: Target) -> None:
    suite = [client for name, client in registry_of(target).clients.items() if name.startswith("conformance-")]
    methods = [client.token_endpoint_auth_method for client in suite]
    assert {method: methods.count(method) for method in ClientAuthentication} == dict.fromkeys(ClientAuthentication, 2)


def test_each_has_the_suites_addresses(target: Target) -> None:
    for name, client in registry_of(target).clients.items():
        if name.startswith("conformance-"):
            assert client.redirect_uris == (CALLBACK, f"{CALLBACK}?dummy1=lorem&dummy2=ipsum")
            assert client.post_logout_redirect_uris == ("https://localhost:8443/test/a/mire/post_logout_redirect",)
            assert client.backchannel_logout_uri == "https://localhost:8443/test/a/mire/backchannel_logout"
            assert client.scopes == {"openid", "profile", "email", "phone", "offline_access"}
            assert client.demands_pkce == client.is_public


@pytest.mark.parametrize("method", list(ClientAuthentication))
def test_the_suite_gets_both_clients_with_what_proves_them(target: Target, method: ClientAuthentication) -> None:
    written = json.loads((target.folder / f"{method}.json").read_text())
    by_name = dict.fromkeys(("none", "tls_client_auth", "self_signed_tls_client_auth"), "client_id")
    proof = {"private_key_jwt": "jwks", **by_name}.get(method, "client_secret")
    assert [proof in written[client] for client in ("client", "client2")] == [True, True]
    assert written["client"]["client_id"] != written["client2"]["client_id"]
    assert (method in BY_CERTIFICATE) == ("mtls" in written) == ("mtls2" in written)
    assert written["server"] == {"discoveryUrl": "https://localhost:9443/.well-known/openid-configuration"}


def test_credentials_are_kept_by_a_second_start_and_their_owners_alone(target: Target) -> None:
    before = {file.name: file.read_text() for file in target.folder.glob("*.json")}
    make_credentials(target)
    assert {file.name: file.read_text() for file in target.folder.glob("*.json")} == before
    assert {stat.S_IMODE(file.stat().st_mode) for file in target.folder.rglob("*") if file.is_file()} == {0o600}


def test_the_suite_gets_a_configuration_for_each_plan(target: Target) -> None:
    """Server, both clients, what the browser does on our pages; for FAPI each way to prove and to bind."""
    plans = {file.stem: json.loads(file.read_text()) for file in (target.folder / "plans").iterdir()}
    ways = ("key-dpop", "key-tls", "tls-dpop", "tls-tls")
    fapi = {f"fapi2-{name}-final-test-plan--{way}" for name in ("security-profile", "message-signing") for way in ways}
    assert fapi | {"oidcc-basic-certification-test-plan", "oidcc-config-certification-test-plan"} <= set(plans)
    for name, plan in plans.items():
        typed = json.dumps(plan["browser"])
        assert ("siret" in typed, "password" in typed) == (True, True)
        assert plan["client"]["client_id"] != plan["client2"]["client_id"]
        assert ("mtls" in plan) == (name.partition("--")[2].count("tls") > 0)
