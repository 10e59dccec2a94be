"""clients.yaml: read whole, or every problem with its line and what to write instead."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from idp.adapters.machine_secrets import secret_digest
from idp.adapters.registry_file import RegistryFile, RegistryProblem, load_registry
from idp.adapters.regular_files import LARGEST
from idp.domain.portals.clients import (
    GATEWAY_CLIENT_ID,
    Client,
    ClientAuthentication,
    ClientRegistry,
    GrantType,
    Match,
    SecretDigest,
    SigningAlgorithm,
    SubjectType,
)
from idp.domain.portals.encryption import ContentEncryption, KeyManagement
from idp.domain.portals.file_schema import registry_schema, theme_schema
from idp.domain.portals.registry_content import content_of, registry_from
from idp.domain.portals.step_up import RequiredSignIn
from idp.domain.sign_in.assurance import Acr

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "clients.yaml"
LOCAL = "http://localhost:8000"
PUBLIC = "https://connexion.example.fr"
SECRET = "pV3uJ0mC9yQ2tZ7wLr8sXk1dNf5hGb4aEo6iTqRvUxY"
DIGEST = f"sha256:{secret_digest(SECRET).hex()}"
ENCRYPTING = json.dumps({"use": "enc", **ECKey.generate_key("P-256").as_dict(private=False)})
PLAIN = f"""clients:
  - client_id: portail
    client_name: Portail
    redirect_uris:
      - https://portail.example.fr/callback
    client_secret: {DIGEST}
"""
Load = Callable[..., "ClientRegistry | list[RegistryProblem]"]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Reads a text as clients.yaml."""

    def read(text: str, issuer: str = PUBLIC, **options: object) -> ClientRegistry | list[RegistryProblem]:
        path = tmp_path / "clients.yaml"
        path.write_text(text)
        return load_registry(path, issuer, {"SECRET": SECRET, "SHORT": "hunter2", "PLAIN": "a" * 64}, **options)  # type: ignore[arg-type]

    return read


def accepted(result: ClientRegistry | list[RegistryProblem]) -> ClientRegistry:
    assert isinstance(result, ClientRegistry), [str(problem) for problem in result]
    return result


def lines(result: ClientRegistry | list[RegistryProblem]) -> list[str]:
    assert isinstance(result, list)
    return [f"{problem.line}: {problem.message}" for problem in result]


def test_the_shipped_registry_is_accepted_on_this_machine() -> None:
    registry = accepted(load_registry(SHIPPED, LOCAL, {}))
    assert set(registry.clients) == {GATEWAY_CLIENT_ID, "compte-formation", "activite-formation", "guichet-paie"}


def test_the_shipped_registry_is_refused_by_a_gateway_that_others_can_reach() -> None:
    problems = lines(load_registry(SHIPPED, PUBLIC, {}))
    assert any(
        "is on this machine, and the gateway is not; write the portal's https address" in item for item in problems
    )


def test_a_plain_client_has_the_safe_defaults(load: Load) -> None:
    client = accepted(load(PLAIN)).clients["portail"]
    assert client == Client(
        client_id="portail",
        client_name="Portail",
        redirect_uris=("https://portail.example.fr/callback",),
        secrets=(SecretDigest(secret_digest(SECRET), "sha256"),),
        sector_identifier="portail.example.fr",
    )
    assert client.demands_pkce


def test_every_key_is_read(load: Load) -> None:
    text = f"""clients:
  - client_id: tout
    client_name: Tout
    redirect_uris: [https://a.example.fr/cb]
    post_logout_redirect_uris: [https://a.example.fr/out]
    grant_types:
      - authorization_code
      - refresh_token
      - client_credentials
      - urn:ietf:params:oauth:grant-type:token-exchange
      - urn:ietf:params:oauth:grant-type:device_code
    response_types: [code]
    scope: openid offline_access droits.lire
    token_endpoint_auth_method: client_secret_post
    client_secret: [{DIGEST}, env:SECRET]
    application_type: web
    subject_type: pairwise
    sector_identifier_uri: https://secteur.example.fr/uris.json
    id_token_signed_response_alg: ES256
    userinfo_signed_response_alg: PS256
    jwks:
      keys:
        - {ENCRYPTING}
    id_token_encrypted_response_alg: ECDH-ES+A256KW
    id_token_encrypted_response_enc: A256GCM
    userinfo_encrypted_response_alg: ECDH-ES+A256KW
    userinfo_encrypted_response_enc: A256GCM
    authorization_encrypted_response_alg: ECDH-ES+A256KW
    authorization_encrypted_response_enc: A256GCM
    introspection_encrypted_response_alg: ECDH-ES+A256KW
    introspection_encrypted_response_enc: A256GCM
    default_max_age: 600
    require_auth_time: true
    default_acr_values: [eidas1]
    authorization_details_types: [acting_for]
    initiate_login_uri: https://a.example.fr/login
    backchannel_logout_uri: https://a.example.fr/bcl
    backchannel_logout_session_required: true
    client_uri: https://a.example.fr/
    logo_uri: https://a.example.fr/logo.png
    policy_uri: https://a.example.fr/policy
    tos_uri: https://a.example.fr/tos
    contacts: [equipe@a.example.fr]
    theme: guichet-paie
    profile: oidc
    require_pkce: false
    require_consent: true
    require_pushed_authorization_requests: true
    require_signed_request_object: true
    request_object_signing_alg: PS256
    authorization_signed_response_alg: ES256
    introspection_signed_response_alg: EdDSA
    request_uris: [https://a.example.fr/request.jwt]
    dpop_bound_access_tokens: true
    require_dpop_nonce: true
    id_token_claims: scopes
    default_resource: https://api.example.fr
    web_origins: [https://a.example.fr]
    form_action_origins: [https://b.example.fr]
    match: exact
    may_exchange_for: [tout]
    widget:
      origins: [https://a.example.fr]
      completion: message
      fedcm: true
      popup: true
      acr_ceiling: eidas1
      enabled: true
    legacy_widget:
      enabled: false
      origins: [https://a.example.fr]
      success_urls: ['https://a.example.fr/ok?x=1']
      failure_urls: [https://a.example.fr/ko]
resources:
  - identifier: https://api.example.fr
    owner: tout
    signing_alg: RS256
    scopes: [droits.lire]
    clients: [tout]
    required_acr: eidas1
    max_age: 300
"""
    registry = accepted(load(text, themes=frozenset({"guichet-paie"})))
    client = registry.clients["tout"]
    assert (client.grant_types, client.scopes) == (
        frozenset(GrantType),
        frozenset({"openid", "offline_access", "droits.lire"}),
    )
    assert [secret.source for secret in client.secrets] == ["sha256", "env:SECRET"]
    assert client.token_endpoint_auth_method is ClientAuthentication.SECRET_POST
    assert (client.subject_type, client.sector_identifier) == (SubjectType.PAIRWISE, "secteur.example.fr")
    assert client.userinfo_signed_response_alg is SigningAlgorithm.PS256
    assert client.id_token_encrypted_response_alg is KeyManagement.ECDH_ES_A256KW
    assert client.userinfo_encrypted_response_alg is KeyManagement.ECDH_ES_A256KW
    assert (client.require_pkce, client.require_consent, client.id_token_claims_by_scope) == (False, True, True)
    assert (client.demands_pushed_requests, client.demands_signed_requests) == (True, True)
    assert client.request_object_signing_alg is SigningAlgorithm.PS256
    assert client.request_uris == ("https://a.example.fr/request.jwt",)
    assert (client.dpop_bound_access_tokens, client.require_dpop_nonce) == (True, True)
    assert (client.match, client.default_max_age, client.may_exchange_for) == (Match.EXACT, 600, ("tout",))
    assert client.widget is not None
    assert (client.widget.origins, client.widget.completion) == (("https://a.example.fr",), "message")
    assert client.legacy_widget is not None
    assert (client.legacy_widget.enabled, client.legacy_widget.success_urls) == (
        False,
        ("https://a.example.fr/ok?x=1",),
    )
    resource = registry.resources["https://api.example.fr"]
    assert (resource.owner, resource.signing_alg, resource.clients) == ("tout", SigningAlgorithm.RS256, {"tout"})
    assert resource.required_sign_in == RequiredSignIn(Acr.EIDAS1, 300)
    assert registry_from(json.loads(json.dumps(content_of(registry))), PUBLIC) == registry
    written = set(yaml.safe_load(text)["clients"][0])
    known = set(registry_schema()["properties"]["clients"]["items"]["properties"])
    certificates = {name for name in known if name.startswith("tls_client")}
    assert known - written == {"jwks_uri", "token_endpoint_auth_signing_alg"} | certificates


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("client_name:", "client_nam:", "3: portail: client_nam: unknown key; did you mean client_name?"),
        ("redirect_uris:", "redirect_uri:", "4: portail: redirect_uri: unknown key; write redirect_uris, a list"),
        ("    client_name: Portail\n", "", "2: portail: client_name is missing; The name people see."),
        ("clients:", "partners:", "1: partners: unknown key; write one of clients, resources"),
        ("clients:", "client:", "1: client: unknown key; did you mean clients?"),
        ("client_name: Portail", "client_name: 42", "3: portail: client_name: int was written; write at most 200"),
        ("client_name: Portail", "client_name: yes", "3: portail: client_name: bool was written"),
        ("client_name: Portail", "client_name:", "3: portail: client_name: nothing was written"),
        ("client_name: Portail", "client_name: [a]", "3: portail: client_name: a list was written"),
        (
            "client_id: portail",
            "client_id: por tail",
            "2: por tail: client_id: 'por tail' cannot be used; write letters",
        ),
        ("client_id: portail", "client_id: mire", "2: mire: client_id: this name is the gateway's own; write another"),
        (
            "client_name: Portail",
            "client_name: A\n    client_name: B",
            "4: portail: client_name is already written at line 3",
        ),
        ("client_name: Portail", "client_name: *a", "3: *a: write the value out; aliases are not read"),
        ("client_name: Portail", "client_name: 'open", "is not YAML ("),
        (f"    client_secret: {DIGEST}\n", "", "2: portail: client_secret is missing and client_secret_basic needs it"),
        (
            "      - https://portail.example.fr/callback\n",
            "      []\n",
            "4: portail: redirect_uris: authorization_code needs at least one",
        ),
        ("/callback", "/callback\n      - https://portail.example.fr/callback", "is written twice; keep one"),
        (
            "/callback",
            "/cb\n      - https://second.example.fr/cb\n    subject_type: pairwise",
            "7: portail: subject_type: pairwise has redirect URIs on several hosts",
        ),
        (
            "client_name: Portail",
            'client_name: "Portail \\u202eeiap"',
            "3: portail: client_name: holds characters that cannot be seen; write plain text",
        ),
        ("clients:", "clients: {}\nresources: []\nold:", "1: clients: write a list, each entry beginning with a dash"),
        (
            "  - client_id: portail",
            "  - portail\n  - client_id: portail",
            "2: clients: write keys and values under this dash",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_to_write(load: Load, old: str, new: str, problem: str) -> None:
    assert old in PLAIN
    found = lines(load(PLAIN.replace(old, new, 1), themes=frozenset({"default"})))
    assert any(problem in item for item in found), found


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("require_pkce: 'no'", "3: portail: require_pkce: str was written; write true or"),
        ("default_max_age: -1", "3: portail: default_max_age: -1 cannot be used"),
        ("default_max_age: 1h", "3: portail: default_max_age: str was written; write a whole"),
        ("match: loose", "3: portail: match: 'loose' cannot be used; write one of canonical, exact"),
        ("profile: fapi9", "3: portail: profile: 'fapi9' cannot be used; write one of oidc, fapi2"),
        ("response_types: [token]", "3: portail: response_types: 'token' cannot be used; write code"),
        ("grant_types: [password]", "3: portail: grant_types: 'password' cannot be used; write one of"),
        ("scope: openid emial", "3: portail: scope: unknown scope emial; did you mean email?"),
        ("scope: [openid]", "3: portail: scope: a list was written; write scopes in one text"),
        ("jwks_uri: http://x.fr/k", "3: portail: jwks_uri: http://x.fr/k is not https; write https"),
        ("theme: absent", "3: portail: theme: there is no theme absent; write one of default"),
        ("web_origins: [https://a.fr/x]", "3: portail: web_origins: 'https://a.fr/x' cannot be used; write an origin"),
        ("web_origins: [http://a.fr]", "3: portail: web_origins: http://a.fr is not https"),
        ("policy_uri: http://a.fr/p", "3: portail: policy_uri: http://a.fr/p is not https"),
        ("widget: {popup: true}", "3: portail: widget.origins is missing"),
        (
            "widget: {poppup: true, origins: [https://a.fr]}",
            "3: portail: widget.poppup: unknown key; did you mean popup?",
        ),
        ("widget: {origins: [http://a.fr]}", "3: portail: widget.origins: http://a.fr is not https"),
        (
            "default_resource: https://a.fr",
            "3: portail: default_resource: https://a.fr is not one of the resources; none",
        ),
        (
            "may_exchange_for: [portial]",
            "3: portail: may_exchange_for: there is no client portial; did you mean portail?",
        ),
        ("backchannel_logout_session_required: true", "3: portail: backchannel_logout_uri is missing"),
        ("grant_types: [refresh_token]", "3: portail: grant_types: refresh_token alone gives nothing"),
        ("grant_types: []", "3: portail: grant_types: is empty"),
        ("scope: openid offline_access", "3: portail: scope: offline_access gives refresh tokens"),
        ("application_type: native", "2: portail: application_type: native keeps no secret"),
        ("token_endpoint_auth_method: none", "7: portail: client_secret: is never used with none; take it out"),
        ("token_endpoint_auth_method: private_key_jwt", "3: portail: jwks is missing"),
    ],
)
def test_a_key_that_does_not_fit_is_named_with_its_line_and_what_to_write(
    load: Load, written: str, problem: str
) -> None:
    found = lines(
        load(PLAIN.replace("    client_name:", f"    {written}\n    client_name:"), themes=frozenset({"default"}))
    )
    assert any(problem in item for item in found), found


def test_two_clients_of_one_name_are_refused(load: Load) -> None:
    found = lines(load(PLAIN + PLAIN.removeprefix("clients:\n")))
    assert found == ["7: portail: client_id: already written at line 2; write another"]


def test_every_problem_is_told_at_once_in_the_order_of_the_file(load: Load) -> None:
    text = PLAIN.replace("client_name:", "client_nam:").replace("https:", "http:")
    assert [line.partition(":")[0] for line in lines(load(text))] == ["2", "3", "5"]


@pytest.mark.parametrize(
    ("uri", "problem"),
    [
        ("http://portail.example.fr/cb", "is not https; write https"),
        ("http://localhost:3000/cb", "is on this machine, and the gateway is not"),
        ("https://portail.example.fr/cb#part", "cannot be used; write the whole address"),
        ("https://*.example.fr/cb", "cannot be used; write the whole address"),
        ("https://portail.example.fr\\@evil.example/cb", "cannot be used; write the whole address"),
        ("https://portail.example.fr@evil.example/cb", "holds a user name"),
        ("https://pörtail.example.fr/cb", "letters outside ASCII"),
        ("https://portail.example.fr/a/../cb", "holds . or .. in its path"),
        ("https://portail.example.fr/%2e%2e/cb", "holds . or .. in its path"),
        ("https:///cb", "is not an address"),
        ("https://portail.example.fr:99999/cb", "is not an address"),
        ("javascript:alert(1)", "runs in the browser"),
        ("com.example.app:/cb", "is not https"),
        ("/cb", "cannot be used; write the whole address"),
    ],
)
def test_a_loose_redirect_uri_is_refused(load: Load, uri: str, problem: str) -> None:
    found = lines(load(PLAIN.replace("https://portail.example.fr/callback", json.dumps(uri, ensure_ascii=False))))
    assert found[0].startswith("5: portail: ")
    assert problem in found[0]


@pytest.mark.parametrize(
    "uri",
    ["https://p.example.fr/cb", "https://p.example.fr/cb?dummy1=lorem&dummy2=ipsum", "https://p.example.fr:8443/"],
)
def test_an_exact_https_redirect_uri_is_accepted(load: Load, uri: str) -> None:
    accepted(load(PLAIN.replace("https://portail.example.fr/callback", uri)))


@pytest.mark.parametrize(
    ("uri", "problem"),
    [
        ("http://127.0.0.1/cb", ""),
        ("http://[::1]/cb", ""),
        ("fr.example.app:/cb", ""),
        ("https://app.example.fr/cb", ""),
        ("http://localhost/cb", "not on a name"),
        ("monapp:/cb", "which anyone may claim"),
    ],
)
def test_a_native_client_returns_to_the_machine_or_to_its_own_scheme(load: Load, uri: str, problem: str) -> None:
    text = PLAIN.replace("https://portail.example.fr/callback", uri).replace(
        f"client_secret: {DIGEST}", "application_type: native\n    token_endpoint_auth_method: none"
    )
    result = load(text)
    assert problem in (lines(result)[0] if isinstance(result, list) else "")
    assert isinstance(result, list) is bool(problem)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("env:SECRET", ""),
        ("file:secret.txt", ""),
        (DIGEST, ""),
        ("env:ABSENT", "the environment has no ABSENT; set it before the start, or use file:PATH"),
        ("env:SHORT", "the secret of env:SHORT is too short or too plain to be random; make one with `idp clients"),
        ("env:PLAIN", "the secret of env:PLAIN is too short or too plain"),
        (
            "file:absent.txt",
            "absent.txt cannot be read (No such file or directory); put it there, readable by the gateway",
        ),
        ("file:short.txt", "the secret of file:short.txt is too short"),
        ("file:binary", "binary is not text"),
        ("file:folder", "folder cannot be read (Is a directory)"),
        ("file:pipe", "pipe cannot be read (Not a regular file)"),
        ("file:/dev/zero", "/dev/zero cannot be read (Not a regular file)"),
        ("file:huge", "huge cannot be read (More than 4194304 bytes)"),
        (f"[{DIGEST}, env:SECRET, file:secret.txt]", "write one secret, or two while it is being changed"),
        ("[]", "write one secret, or two"),
        (f"[{DIGEST}, {DIGEST}]", "is written twice"),
        ("sha256:abcd", "this value cannot be used; write env:NAME, file:PATH or sha256:DIGEST"),
        (SECRET, "a secret itself is never written in this file"),
    ],
)
def test_a_secret_is_named_never_written(load: Load, tmp_path: Path, source: str, problem: str) -> None:
    (tmp_path / "secret.txt").write_text(f"{SECRET}\n")
    (tmp_path / "short.txt").write_text("hunter2\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "huge").write_bytes(b"x" * (LARGEST + 1))
    result = load(PLAIN.replace(DIGEST, source))
    if not problem:
        assert accepted(result).clients["portail"].secrets[0].digest == secret_digest(SECRET)
        return
    assert problem in lines(result)[0]
    assert not any(secret in "".join(lines(result)) for secret in (SECRET, "hunter2"))


def test_require_pkce_false_is_for_clients_that_prove_themselves(load: Load) -> None:
    lifted = PLAIN.replace("client_name:", "require_pkce: false\n    client_name:")
    assert not accepted(load(lifted)).clients["portail"].demands_pkce
    public = lifted.replace(f"client_secret: {DIGEST}", "token_endpoint_auth_method: none")
    assert "3: portail: require_pkce: a public client always sends a challenge" in lines(load(public))[0]


def with_keys(keys: object) -> str:
    method = "token_endpoint_auth_method: private_key_jwt"
    return PLAIN.replace(f"client_secret: {DIGEST}", f"{method}\n    jwks: {json.dumps(keys)}")


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ([ECKey.generate_key("P-256", private=False).as_dict(private=False)], ""),
        ([OKPKey.generate_key("Ed25519").as_dict(private=False)], ""),
        ([RSAKey.generate_key(2048).as_dict(private=False)], ""),
        ([ECKey.generate_key("P-256").as_dict(private=True)], "holds a private or symmetric key"),
        ([OctKey.generate_key(256).as_dict(private=True)], "holds a private or symmetric key"),
        (
            [ECKey.generate_key("P-384").as_dict(private=False)],
            "on the curve P-384; use P-256 or Ed25519, or",
        ),
        ([OKPKey.generate_key("X25519").as_dict(private=False)], "on the curve X25519; use P-256"),
        ([{"kty": "RSA", "n": "AQAB", "e": "AQAB"}], "holds "),
        ([{"kty": "EC"}], "holds a key that cannot be read"),
        ([], "write a JWK Set: keys, and a list of public keys under it"),
    ],
)
def test_keys_are_public_and_strong(load: Load, keys: list[dict[str, object]], problem: str) -> None:
    result = load(with_keys({"keys": keys}))
    assert problem in (lines(result)[0] if isinstance(result, list) else "")
    assert isinstance(result, list) is bool(problem)


def test_keys_may_be_in_a_file_of_their_own(tmp_path: Path) -> None:
    key = ECKey.generate_key("P-256").as_dict(private=False)
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [key]}))
    (tmp_path / "clients.yaml").write_text(with_keys("file:keys.json").replace('"', ""))
    file = RegistryFile(tmp_path / "clients.yaml", PUBLIC)
    assert accepted(file.load()).clients["portail"].jwks == {"keys": [key]}
    assert file.named == {tmp_path / "keys.json"}
    (tmp_path / "keys.json").write_text("{")
    assert "the file is not JSON; write a JWK Set in it" in lines(load_registry(tmp_path / "clients.yaml", PUBLIC))[0]


@pytest.mark.parametrize(
    ("resource", "problem"),
    [
        (
            "identifier: https://api.fr\n    owner: portial\n    clients: [portail]",
            "owner: there is no client portial; did you mean portail?",
        ),
        (
            "identifier: https://api.fr\n    owner: portail\n    clients: [x]",
            "clients: there is no client x; write one of portail",
        ),
        ("identifier: http://api.fr\n    owner: portail\n    clients: []", "identifier: http://api.fr is not https"),
        (
            "identifier: api.fr\n    owner: portail\n    clients: []",
            "identifier: 'api.fr' cannot be used; write an absolute address",
        ),
        (f"identifier: {PUBLIC}\n    owner: portail\n    clients: []", "identifier: is the gateway itself"),
        ("identifier: https://api.fr\n    owner: portail", "https://api.fr: clients is missing; Clients that may ask"),
        (
            "identifier: https://api.fr\n    owner: portail\n    clients: []\n    signing_alg: EdDSA",
            "signing_alg: 'EdDSA' cannot be used; write one of ES256, RS256",
        ),
    ],
)
def test_a_resource_names_clients_that_exist(load: Load, resource: str, problem: str) -> None:
    assert problem in lines(load(f"{PLAIN}resources:\n  - {resource}\n"))[0]


@pytest.mark.parametrize(
    "content", [b"", b"- a\n", b"\xff\xfe\x00", b"clients: [\x00]", b"clients: !!python/object:os.system {}"]
)
def test_a_file_that_is_no_registry_is_refused_and_never_raises(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "clients.yaml").write_bytes(content)
    assert lines(load_registry(tmp_path / "clients.yaml", PUBLIC))


def test_an_absent_file_is_one_sentence(tmp_path: Path) -> None:
    assert "cannot be read (No such file or directory)" in lines(load_registry(tmp_path / "clients.yaml", PUBLIC))[0]


def test_the_digest_names_what_is_said_and_not_how_it_is_written(load: Load) -> None:
    first = accepted(load(PLAIN)).digest
    assert first == accepted(load("# a comment\n" + PLAIN)).digest
    assert first != accepted(load(PLAIN.replace("client_name: Portail", "client_name: Autre"))).digest


def test_an_env_secret_counts_by_its_name_so_that_every_process_agrees(tmp_path: Path) -> None:
    (tmp_path / "clients.yaml").write_text(PLAIN.replace(DIGEST, "env:SECRET"))
    worker = accepted(load_registry(tmp_path / "clients.yaml", PUBLIC, {"SECRET": SECRET}))
    shell = accepted(load_registry(tmp_path / "clients.yaml", PUBLIC))
    assert worker.digest == shell.digest
    assert worker.clients["portail"].secrets != shell.clients["portail"].secrets


def test_the_secret_itself_is_nowhere_in_what_is_kept(tmp_path: Path) -> None:
    (tmp_path / "clients.yaml").write_text(PLAIN.replace(DIGEST, "env:SECRET"))
    registry = accepted(load_registry(tmp_path / "clients.yaml", PUBLIC, {"SECRET": SECRET}))
    assert SECRET not in json.dumps(content_of(registry))


def test_the_schema_files_for_editors_are_made_from_the_same_tables() -> None:
    """`idp clients schema > clients.schema.json`, `idp themes schema > themes/theme.schema.json`."""
    assert json.loads((ROOT / "clients.schema.json").read_text()) == registry_schema()
    assert json.loads((ROOT / "themes" / "theme.schema.json").read_text()) == theme_schema()


def test_the_schemas_accept_what_ships_and_refuse_a_mistake() -> None:
    shipped = yaml.safe_load(SHIPPED.read_text())
    jsonschema.Draft202012Validator.check_schema(registry_schema())
    jsonschema.validate(shipped, registry_schema())
    for theme in (ROOT / "themes").glob("*/theme.yaml"):
        jsonschema.validate(yaml.safe_load(theme.read_text()), theme_schema())
    shipped["clients"][0]["redirect_uri"] = "https://x"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(shipped, registry_schema())


KEYS = json.dumps({"keys": [ECKey.generate_key("P-256").as_dict(private=False)]})


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("token_endpoint_auth_method: private_key_jwt\n    jwks_uri: https://p.fr/k", ""),
        (
            f"token_endpoint_auth_method: private_key_jwt\n    jwks: {KEYS}\n    jwks_uri: https://p.fr/k",
            "8: portail: jwks_uri: jwks is written too; keep one of the two",
        ),
        ("token_endpoint_auth_method: private_key_jwt", "jwks is missing and private_key_jwt needs it"),
        ("token_endpoint_auth_method: client_secret_jwt\n    client_secret: env:SECRET", ""),
        (
            f"token_endpoint_auth_method: client_secret_jwt\n    client_secret: {DIGEST}",
            "7: portail: client_secret: client_secret_jwt computes with the secret itself; write env:NAME or file:PATH",
        ),
        (
            "token_endpoint_auth_method: client_secret_jwt\n    token_endpoint_auth_signing_alg: ES256\n"
            "    client_secret: env:SECRET",
            "7: portail: token_endpoint_auth_signing_alg: ES256 needs a key; write HS256, HS384 or HS512",
        ),
        (
            "token_endpoint_auth_method: client_secret_jwt\n    token_endpoint_auth_signing_alg: HS512\n"
            "    client_secret: env:SECRET",
            "8: portail: client_secret: HS512 needs a secret of 64 bytes or more; write HS256",
        ),
        (
            f"token_endpoint_auth_method: private_key_jwt\n    jwks: {KEYS}\n"
            "    token_endpoint_auth_signing_alg: HS256",
            "8: portail: token_endpoint_auth_signing_alg: HS256 is for client_secret_jwt; write ES256 or PS256",
        ),
    ],
)
def test_assertions_can_be_verified_from_what_is_written(load: Load, written: str, problem: str) -> None:
    """RFC 7591 section 2 (jwks and jwks_uri), RFC 7518 section 3.2 (HMAC keys)."""
    result = load(PLAIN.replace(f"client_secret: {DIGEST}", written))
    assert problem in (lines(result)[0] if isinstance(result, list) else "")
    assert isinstance(result, list) is bool(problem)


def test_a_secret_stays_in_memory_only_for_who_computes_with_it(load: Load) -> None:
    """What is kept in the database never holds it."""
    written = PLAIN.replace(f"client_secret: {DIGEST}", "client_secret: env:SECRET")
    by_hmac = written.replace(
        "client_secret: env", "token_endpoint_auth_method: client_secret_jwt\n    client_secret: env"
    )
    kept = [accepted(load(text)) for text in (written, by_hmac)]
    assert ["", SECRET] == [registry.clients["portail"].secrets[0].secret for registry in kept]
    assert not any(SECRET in json.dumps(content_of(registry)) or SECRET in repr(registry) for registry in kept)


OAEP = "id_token_encrypted_response_alg: RSA-OAEP-256"
UNENCRYPTABLE = {
    "no keys": (OAEP, "7: portail: id_token_encrypted_response_alg: there is no key to encrypt to"),
    "another kind": (
        f"{OAEP}\n    jwks: {KEYS}",
        "7: portail: id_token_encrypted_response_alg: no key of jwks serves",
    ),
    "no alg": (
        "userinfo_encrypted_response_enc: A256GCM",
        "7: portail: userinfo_encrypted_response_enc: means nothing without userinfo_encrypted_response_alg",
    ),
    "an unknown alg": (
        "id_token_encrypted_response_alg: RSA-OAEP",
        "'RSA-OAEP' cannot be used; write one of RSA-OAEP-256, ECDH-ES+A256KW",
    ),
    "an unknown enc": ("userinfo_encrypted_response_enc: A128GCM", "'A128GCM' cannot be used; write A256GCM"),
}


@pytest.mark.parametrize(("written", "problem"), UNENCRYPTABLE.values(), ids=UNENCRYPTABLE)
def test_an_encryption_that_cannot_be_done_is_refused_at_start_up(load: Load, written: str, problem: str) -> None:
    """Registration 1.0 section 2."""
    assert problem in lines(load(f"{PLAIN}    {written}\n"))[0]


@pytest.mark.parametrize(("kind", "curve"), [(ECKey, "P-384"), (ECKey, "P-521"), (OKPKey, "X25519")])
def test_a_key_to_encrypt_to_may_be_on_a_curve_that_does_not_sign_here(load: Load, kind: Any, curve: str) -> None:
    """RFC 8037 section 3.2; the control is the same key without its use, among the keys that are refused above."""
    jwks = json.dumps({"keys": [{"use": "enc", **kind.generate_key(curve).as_dict(private=False)}]})
    written = f"id_token_encrypted_response_alg: ECDH-ES+A256KW\n    jwks: {jwks}"
    assert accepted(load(f"{PLAIN}    {written}\n")).clients["portail"].jwks == json.loads(jwks)


def test_keys_at_an_address_are_looked_at_when_they_are_needed(load: Load) -> None:
    written = f"{OAEP}\n    jwks_uri: https://portail.example.fr/jwks"
    client = accepted(load(f"{PLAIN}    {written}\n")).clients["portail"]
    assert client.id_token_encrypted_response_alg is KeyManagement.RSA_OAEP_256
    assert client.id_token_encrypted_response_enc is ContentEncryption.A256GCM


@pytest.mark.parametrize("profile", ["fapi2_security", "fapi2_message_signing", "legacy", "oidc"])
@pytest.mark.parametrize(
    ("written", "problems"),
    [
        (f"client_secret: {DIGEST}", {"fapi2_security": "method", "fapi2_message_signing": "method"}),
        (
            f"token_endpoint_auth_method: private_key_jwt\n    jwks: {KEYS}",
            {"legacy": "legacy does not take private_key_jwt; write client_secret_basic or client_secret_post"},
        ),
        (
            "token_endpoint_auth_method: none",
            {
                "legacy": "token_endpoint_auth_method: legacy does not take none",
                "fapi2_security": "fapi2_security does not take none; write private_key_jwt",
                "fapi2_message_signing": "jwks is missing and fapi2_message_signing verifies requests with it",
            },
        ),
        (
            f"token_endpoint_auth_method: private_key_jwt\n    jwks: {KEYS}\n    require_pkce: false",
            {
                "legacy": "legacy does not take",
                "fapi2_security": "9: portail: require_pkce: fapi2_security always demands a challenge; take",
                "fapi2_message_signing": "require_pkce: fapi2_message_signing always",
            },
        ),
        (
            f"token_endpoint_auth_method: private_key_jwt\n    jwks: {KEYS}\n    id_token_signed_response_alg: RS256",
            {
                "legacy": "legacy does not take",
                "fapi2_security": "9: portail: id_token_signed_response_alg: fapi2_security does not take RS256",
                "fapi2_message_signing": "does not take RS256; write ES256 or EdDSA or PS256 (FAPI 2.0",
            },
        ),
    ],
)
def test_a_profile_says_what_else_to_write(load: Load, profile: str, written: str, problems: dict[str, str]) -> None:
    """FAPI 2.0 Security Profile sections 5.3.2.1 items 3 and 6, 5.3.2.2 item 5, 5.4.1."""
    result = load(PLAIN.replace(f"client_secret: {DIGEST}", f"profile: {profile}\n    {written}"))
    found = " / ".join(lines(result)) if isinstance(result, list) else ""
    assert problems.get(profile, "") in found
    assert bool(found) is (profile in problems)


def test_what_is_signed_for_a_fapi_client_is_not_rs256(load: Load) -> None:
    """FAPI 2.0 Security Profile section 5.4.1."""
    keyed = f"token_endpoint_auth_method: private_key_jwt\n    jwks: {KEYS}"
    written = [
        PLAIN.replace(f"client_secret: {DIGEST}", f"{profile}{keyed}")
        for profile in ("profile: fapi2_security\n    ", "")
    ]
    assert ["PS256", "RS256"] == [
        accepted(load(text)).clients["portail"].id_token_signed_response_alg for text in written
    ]


def test_software_publishers_are_read_kept_and_found_again(tmp_path: Path) -> None:
    """RFC 7591 section 2.3: whose statements are believed; they survive in the last good registry."""
    key = ECKey.generate_key("P-256").as_dict(private=False)
    written = {
        **yaml.safe_load(PLAIN),
        "software_publishers": [{"issuer": "https://editeur.fr", "jwks": {"keys": [key]}}],
    }
    path = tmp_path / "clients.yaml"
    path.write_text(yaml.safe_dump(written))
    registry = load_registry(path, PUBLIC)
    assert isinstance(registry, ClientRegistry)
    assert {"https://editeur.fr": {"keys": [key]}} == dict(registry.publishers)
    again = registry_from(json.loads(json.dumps(content_of(registry))), PUBLIC)
    assert (registry.digest, dict(registry.publishers)) == (again.digest, dict(again.publishers))
    jsonschema.validate(written, registry_schema())


def test_a_publisher_needs_public_keys_and_is_written_once(tmp_path: Path) -> None:
    key = ECKey.generate_key("P-256")
    public, private = ({"keys": [key.as_dict(private=half)]} for half in (False, True))
    path = tmp_path / "clients.yaml"
    for publishers, expected in (
        ([{"issuer": "a", "jwks": private}], "a: jwks: holds a private or symmetric key"),
        ([{"issuer": "a"}], "a: jwks is missing"),
        ([{"issuer": "a", "jwks": public}, {"issuer": "a", "jwks": public}], "a: is written twice"),
    ):
        path.write_text(json.dumps({**yaml.safe_load(PLAIN), "software_publishers": publishers}))
        problems = load_registry(path, PUBLIC)
        assert isinstance(problems, list)
        assert any(expected in str(problem) for problem in problems), problems


@pytest.mark.parametrize(
    ("method", "source", "refused"),
    [
        ("client_secret_jwt", DIGEST, True),
        ("client_secret_jwt", ["env:NEW", DIGEST], True),
        ("client_secret_jwt", "env:SECRET", False),
        ("client_secret_basic", DIGEST, False),
    ],
)
def test_editors_say_that_an_hmac_needs_the_secret_itself(method: str, source: str | list[str], refused: bool) -> None:
    """RFC 7518 section 3.2: nothing is computed with a digest of the key."""
    entry = {
        "client_id": "portail",
        "client_name": "Portail",
        "token_endpoint_auth_method": method,
        "client_secret": source,
    }
    validator = jsonschema.Draft202012Validator(registry_schema())
    assert refused is not validator.is_valid({"clients": [entry]})


@pytest.mark.parametrize(("alg", "refused"), [("RS256", True), ("ES256", False)])
def test_a_fapi_clients_access_tokens_are_not_rs256_either(load: Load, alg: str, refused: bool) -> None:
    """FAPI 2.0 Security Profile section 5.4.1: access tokens are JWTs too."""
    keyed = f"profile: fapi2_security\n    token_endpoint_auth_method: private_key_jwt\n    jwks: {KEYS}"
    resource = f"identifier: https://api.fr\n    owner: portail\n    signing_alg: {alg}\n    clients: [portail]"
    result = load(PLAIN.replace(f"client_secret: {DIGEST}", keyed) + f"resources:\n  - {resource}\n")
    wrong = "portail has the profile fapi2_security, which does not take RS256; write signing_alg: ES256"
    assert refused is (isinstance(result, list) and wrong in lines(result)[0])
    assert refused is isinstance(result, list)
