"""The npm package openid-client is a portal of the gateway, by every way it knows."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from tests.interop.gateway import gateway_with
from tests.interop.visitor import Visitor
from tests.processes import ROOT

SCRIPT = Path(__file__).with_name("openid_client.mjs")
PACKAGES = ROOT / "var" / "interop"
CALLBACK = "http://127.0.0.1:9/callback"
SIGNED_OUT = "http://127.0.0.1:9/signed-out"
RESOURCE = "https://api.interop.example"
SECRET = secrets.token_urlsafe(32)
KEY = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256", "kid": "k1"}, private=True)
PUBLIC = json.dumps({"keys": [{name: value for name, value in KEY.as_dict(private=True).items() if name != "d"}]})
COMMON = f"""    redirect_uris: [{CALLBACK}]
    post_logout_redirect_uris: [{SIGNED_OUT}]
    grant_types: [authorization_code, refresh_token, client_credentials]
    scope: openid profile organization
"""
DECRYPTING = {
    "rsa": ("RSA-OAEP-256", RSAKey.generate_key(2048, {"use": "enc", "kid": "rsa"}, private=True)),
    "ec": ("ECDH-ES+A256KW", ECKey.generate_key("P-256", {"use": "enc", "kid": "ec"}, private=True)),
    "okp": ("ECDH-ES+A256KW", OKPKey.generate_key("X25519", {"use": "enc", "kid": "okp"}, private=True)),
}
ENCRYPTED = "".join(
    f"""  - client_id: {name}
    client_name: {name}
    client_secret: env:INTEROP_SECRET
    jwks: {json.dumps({"keys": [key.as_dict(private=False)]})}
    id_token_encrypted_response_alg: {alg}
    userinfo_signed_response_alg: ES256
    userinfo_encrypted_response_alg: {alg}
{COMMON}"""
    for name, (alg, key) in DECRYPTING.items()
)
REGISTRY = f"""clients:
  - client_id: basic
    client_name: Basic
    client_secret: env:INTEROP_SECRET
{COMMON}
  - client_id: post
    client_name: Post
    token_endpoint_auth_method: client_secret_post
    client_secret: env:INTEROP_SECRET
{COMMON}
  - client_id: key
    client_name: Key
    token_endpoint_auth_method: private_key_jwt
    token_endpoint_auth_signing_alg: ES256
    jwks: file:jwks.json
{COMMON}
  - client_id: public
    client_name: Public
    token_endpoint_auth_method: none
    redirect_uris: [{CALLBACK}]
    scope: openid profile organization
{ENCRYPTED}
resources:
  - identifier: {RESOURCE}
    owner: basic
    clients: [basic, key]
"""


@pytest.fixture(scope="module")
def gateway(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("gateway")
    (folder / "jwks.json").write_text(PUBLIC)
    with gateway_with(REGISTRY, migrated_sqlite, folder, INTEROP_SECRET=SECRET) as issuer:
        yield issuer


def run(gateway: str, client: str, scenario: str, visitor: Visitor) -> dict[str, Any]:
    """What the scenario says at its end; wherever it sends the browser, the browser goes."""
    alg, decrypting = DECRYPTING.get(client, ("", None))
    keys = {"ENCRYPTION": alg, "DECRYPTION_KEY": json.dumps(decrypting.as_dict(private=True))} if decrypting else {}
    proof = {"key": {"PRIVATE_KEY": json.dumps(KEY.as_dict(private=True))}, "public": {}}
    environment = {
        "PATH": os.environ["PATH"],
        "ISSUER": gateway,
        "CLIENT_ID": client,
        "REDIRECT_URI": CALLBACK,
        "POST_LOGOUT": SIGNED_OUT,
        "RESOURCE": RESOURCE,
        **proof.get(client, {"CLIENT_SECRET": SECRET}),
        **keys,
    }
    script = PACKAGES / SCRIPT.name  # Node looks for packages from where the script is
    script.write_text(SCRIPT.read_text())
    command = ["node", str(script), scenario]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        for line in process.stdout:
            said = json.loads(line)
            if "result" in said:
                result: dict[str, Any] = said["result"]
                return result
            arrived, _ = visitor.go(said["open"], stop_at="http://127.0.0.1:9/")
            process.stdin.write(f"{arrived}\n")
            process.stdin.flush()
        raise AssertionError(process.stderr.read())


@pytest.mark.parametrize("client", ["basic", "key"])
def test_it_signs_in_refreshes_introspects_and_revokes(gateway: str, client: str, visitor: Visitor) -> None:
    told = run(gateway, client, "plain", visitor)
    assert told.pop("sub")
    assert told == {
        "siret": "99900037500017",
        "same": True,
        "type": "bearer",
        "refreshed": True,
        "before": True,
        "after": False,
    }


@pytest.mark.parametrize("client", ["post", "public"])
def test_it_signs_in(gateway: str, client: str, visitor: Visitor) -> None:
    assert run(gateway, client, "brief", visitor)["siret"] == "99900037500017"


def test_it_signs_out(gateway: str, visitor: Visitor) -> None:
    assert run(gateway, "basic", "logout", visitor)["arrived"] == f"{SIGNED_OUT}?state=the+state"


def test_a_machine_asks_in_its_own_name(gateway: str, visitor: Visitor) -> None:
    told = run(gateway, "key", "machine", visitor)
    assert (told["type"], told["payload"]["sub"], told["payload"]["aud"]) == ("bearer", "key", RESOURCE)


@pytest.mark.parametrize("client", list(DECRYPTING))
def test_it_decrypts_what_it_is_told(gateway: str, client: str, visitor: Visitor) -> None:
    """OpenID Connect Core sections 5.3.2 and 10.2, as another library reads them."""
    told = run(gateway, client, "encrypted", visitor)
    assert (told["same"], told["siret"], told["parts"]) == (True, "99900037500017", 5)
    assert told["again"] == told["sub"]
