"""Client assertions as an honest client makes them, and as others do."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

from flask.testing import FlaskClient
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from idp.domain.platform.instants import to_seconds
from idp.usecases.deps import Deps
from tests.oauth.conftest import ISSUER

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
RSA = RSAKey.generate_key(2048, parameters={"kid": "rsa"})
KEYS: dict[str, Any] = {
    "RS256": RSA,
    "PS256": RSA,
    "ES256": ECKey.generate_key("P-256", parameters={"kid": "ec"}),
    "EdDSA": OKPKey.generate_key("Ed25519", parameters={"kid": "okp"}),
}
JWKS = {"keys": [key.as_dict(private=False) for key in (RSA, KEYS["ES256"], KEYS["EdDSA"])]}


def encoded(value: Any) -> bytes:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def signed(claims: dict[str, Any], alg: str = "ES256", key: Any = None, **header: Any) -> str:
    key = key or KEYS[alg]
    message = encoded({"alg": alg, "kid": key.kid, **header}) + b"." + encoded(claims)
    return (message + b"." + encoded(JWSRegistry.algorithms[alg].sign(message, key))).decode()


def mac(claims: dict[str, Any], secret: bytes, alg: str = "HS256", **header: Any) -> str:
    message = encoded({"alg": alg, **header}) + b"." + encoded(claims)
    digest = hmac.digest(secret, message, {"HS384": "sha384", "HS512": "sha512"}.get(alg, "sha256"))
    return (message + b"." + encoded(digest)).decode()


def claims_of(deps: Deps, client_id: str, **changes: Any) -> dict[str, Any]:
    """What an assertion says; `None` leaves a claim out."""
    now = to_seconds(deps.clock.now())
    made = {"iss": client_id, "sub": client_id, "aud": ISSUER, "iat": now, "exp": now + 60, "jti": "j1", **changes}
    return {name: value for name, value in made.items() if value is not None}


def asserting(web: FlaskClient, assertion: str, path: str = "/token", **form: Any) -> Any:
    data = {"client_assertion_type": JWT_BEARER, "client_assertion": assertion, **form}
    return web.post(path, data={"grant_type": "client_credentials", **data} if path == "/token" else data)
