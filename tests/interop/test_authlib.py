"""Authlib's own client: an OAuth2Session over requests, with a secret and with a key."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import RSAKey

from tests.interop.gateway import gateway_with
from tests.interop.visitor import Visitor

CALLBACK = "http://127.0.0.1:9/callback"
SECRET = secrets.token_urlsafe(32)
KEY = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": "k1"}, private=True)
REGISTRY = f"""clients:
  - client_id: basic
    client_name: Basic
    client_secret: env:INTEROP_SECRET
    redirect_uris: [{CALLBACK}]
    grant_types: [authorization_code, refresh_token]
    scope: openid profile organization
  - client_id: key
    client_name: Key
    token_endpoint_auth_method: private_key_jwt
    jwks: file:jwks.json
    redirect_uris: [{CALLBACK}]
    grant_types: [authorization_code, refresh_token]
    scope: openid profile organization
"""


@pytest.fixture(scope="module")
def gateway(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("gateway")
    (folder / "jwks.json").write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}))
    with gateway_with(REGISTRY, migrated_sqlite, folder, INTEROP_SECRET=SECRET) as issuer:
        yield issuer


@pytest.mark.parametrize("client", ["basic", "key"])
def test_authlib_signs_in_refreshes_and_asks_userinfo(gateway: str, client: str, visitor: Visitor) -> None:
    method, secret = ("private_key_jwt", KEY.as_dict(private=True)) if client == "key" else (None, SECRET)
    with OAuth2Session(
        client, secret, method, redirect_uri=CALLBACK, scope="openid profile organization", code_challenge_method="S256"
    ) as session:
        if client == "key":
            session.register_client_auth_method(PrivateKeyJWT(f"{gateway}/token"))
        verifier = secrets.token_urlsafe(48)
        address, state = session.create_authorization_url(f"{gateway}/authorize", code_verifier=verifier)
        arrived, _ = visitor.go(address, stop_at=CALLBACK)
        tokens = session.fetch_token(
            f"{gateway}/token", authorization_response=arrived, code_verifier=verifier, state=state
        )
        assert session.get(f"{gateway}/userinfo").json()["siret"] == "99900037500017"
        again = session.refresh_token(f"{gateway}/token", refresh_token=tokens["refresh_token"])
        assert again["access_token"] != tokens["access_token"]
