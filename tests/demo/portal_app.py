"""A portal whose gateway is a key in this process: tokens are signed here, nothing is fetched."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from demo.partners import prepare
from demo.portal import create_portal
from demo.portals import PORTALS, Place, Portal
from demo.tokens import LOGOUT_EVENT

ISSUER = "http://localhost:8000"


@dataclass(frozen=True)
class PortalUnderTest:
    app: Flask
    portal: Portal
    place: Place
    key: ECKey

    def sign(self, claims: Mapping[str, Any], typ: str, **header: Any) -> str:
        return jwt.encode(
            {"alg": "ES256", "typ": typ, "kid": "one", **header}, dict(claims), self.key, algorithms=["ES256"]
        )

    def logout_token(self, typ: str = "logout+jwt", **changes: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER, "aud": self.portal.client_id, "iat": now, "exp": now + 120, "jti": f"jti-{len(changes)}",
            "events": {LOGOUT_EVENT: {}}, "sid": "sid-1", "sub": "person-1",
        }  # fmt: skip
        return self.sign({name: value for name, value in {**claims, **changes}.items() if value is not None}, typ)

    def access_token(self, typ: str = "at+jwt", **changes: Any) -> str:
        claims = {
            "iss": ISSUER, "aud": self.portal.resource(8000), "sub": "person-1", "client_id": self.portal.client_id,
            "exp": int(time.time()) + 60, "scope": f"openid {self.portal.resource_scope}",
        }  # fmt: skip
        return self.sign({**claims, **changes}, typ)

    def own(self, path: str) -> str:
        return self.portal.origin(self.place.base_port) + path


def portal_under_test(folder: Path, portal: Portal = PORTALS[0]) -> PortalUnderTest:
    place = Place(ISSUER, 8000, folder)
    prepare(place)
    app = create_portal(portal, place)
    app.test_client_class = FlaskClient  # the partner's hygiene is the partner's: test_pages.py asserts it
    key = ECKey.generate_key("P-256", {"kid": "one", "use": "sig", "alg": "ES256"}, private=True)
    app.extensions["gateway"].server_metadata.update(
        _loaded_at=time.time(),
        issuer=ISSUER,
        authorization_endpoint=f"{ISSUER}/authorize",
        end_session_endpoint=f"{ISSUER}/end-session",
        jwks_uri="http://127.0.0.1:9/jwks",
        jwks=KeySet([key]).as_dict(private=False),
    )
    return PortalUnderTest(app, portal, place, key)


def sign_in(under_test: PortalUnderTest, browser: Any, *, sid: str = "sid-1", sub: str = "person-1") -> None:
    """What a sign-in leaves in the portal's session."""
    with browser.session_transaction() as session:
        session.update(
            me={"sub": sub, "given_name": "Claire", "siret": "99900037500017", "roles": ["administrateur"]},
            id_token_claims={"sub": sub, "sid": sid, "iss": ISSUER, "auth_time": 1_800_000_000, "amr": ["pwd"]},
            id_token="an ID token",
            sub=sub,
            sid=sid,
            refresh_token="a refresh token",
        )
