"""openid-client decrypts what was encrypted to its key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from tests.interop.gateway import gateway_with
from tests.interop.openid_client import BY_SECRET, CALLBACK, SECRET, run, sends
from tests.interop.visitor import Visitor

DECRYPTING = {
    "rsa": ("RSA-OAEP-256", RSAKey.generate_key(2048, {"use": "enc", "kid": "rsa"}, private=True)),
    "ec": ("ECDH-ES+A256KW", ECKey.generate_key("P-256", {"use": "enc", "kid": "ec"}, private=True)),
    "okp": ("ECDH-ES+A256KW", OKPKey.generate_key("X25519", {"use": "enc", "kid": "okp"}, private=True)),
}
REGISTRY = "clients:\n" + "".join(
    f"""  - client_id: {name}
    client_name: {name}
    client_secret: env:INTEROP_SECRET
    jwks: {json.dumps({"keys": [key.as_dict(private=False)]})}
    id_token_encrypted_response_alg: {alg}
    userinfo_signed_response_alg: ES256
    userinfo_encrypted_response_alg: {alg}
    redirect_uris: [{CALLBACK}]
    grant_types: [authorization_code, refresh_token]
    scope: openid profile organization
"""
    for name, (alg, key) in DECRYPTING.items()
)


@pytest.fixture(scope="module")
def gateway(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("gateway")
    with gateway_with(REGISTRY, migrated_sqlite, folder, INTEROP_SECRET=SECRET) as issuer:
        yield issuer


@pytest.mark.parametrize("client", list(DECRYPTING))
def test_it_decrypts_what_it_is_told(gateway: str, client: str, visitor: Visitor) -> None:
    """OpenID Connect Core sections 5.3.2 and 10.2, as another library reads them."""
    alg, key = DECRYPTING[client]
    settings = {"ENCRYPTION": alg, "DECRYPTION_KEY": json.dumps(key.as_dict(private=True)), **BY_SECRET}
    told = run(gateway, client, "encrypted", sends(visitor), **settings)
    assert (told["same"], told["siret"], told["parts"]) == (True, "99900037500017", 5)
    assert told["again"] == told["sub"]
