"""What a portal checks before it believes a token: logout tokens, and access tokens for its own resource."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Protocol

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LEEWAY_SECONDS = 30
LOGOUT_TOKEN_LIFE_SECONDS = 300


class Refused(Exception):
    """The token is not to be believed; the text says why, for the portal's own log."""


class GatewayKeys(Protocol):
    """Where the gateway's public keys come from: Authlib's client keeps them, and fetches them again when forced."""

    def fetch_jwk_set(self, force: bool = False) -> dict[str, Any]: ...


def verified(token: str, keys: GatewayKeys, *, typ: str, algorithms: list[str]) -> Mapping[str, Any]:
    """The claims of a token that the gateway signed and typed so (RFC 8725 section 3.11: explicit typing)."""
    try:
        decoded = decode(token, keys, algorithms)
    except (JoseError, ValueError) as error:
        raise Refused(f"signature: {error}") from None
    if str(decoded.header.get("typ", "")).lower().removeprefix("application/") != typ:
        raise Refused("typ")
    return decoded.claims


def decode(token: str, keys: GatewayKeys, algorithms: list[str]) -> jwt.Token:
    """Decode by the keys in memory, then by the gateway's newest: it rotates them."""
    registry = JWSRegistry(algorithms=algorithms)
    try:
        return jwt.decode(token, KeySet.import_key_set(keys.fetch_jwk_set()), registry=registry)  # type: ignore[arg-type]
    except InvalidKeyIdError:
        return jwt.decode(token, KeySet.import_key_set(keys.fetch_jwk_set(force=True)), registry=registry)  # type: ignore[arg-type]


def require(condition: object, reason: str) -> None:
    """Refuse for this reason unless the condition holds."""
    if not condition:
        raise Refused(reason)


def is_for(claims: Mapping[str, Any], audience: str) -> bool:
    """Whether the token is addressed here."""
    addressed = claims.get("aud")
    return audience in (addressed if isinstance(addressed, list) else [addressed])


def check_logout_token(claims: Mapping[str, Any], *, issuer: str, client_id: str) -> None:
    """OpenID Connect Back-Channel Logout 1.0 section 2.6, but for the replay check."""
    now = time.time()
    require(claims.get("iss") == issuer, "iss")
    require(is_for(claims, client_id), "aud")
    require(isinstance(claims.get("iat"), int | float), "iat")
    require(abs(now - claims["iat"]) < LOGOUT_TOKEN_LIFE_SECONDS, "iat is not recent")
    require(claims.get("exp", 0) > now - LEEWAY_SECONDS, "exp")
    require(claims.get("sid") or claims.get("sub"), "neither sid nor sub")
    require(isinstance(claims.get("events", {}).get(LOGOUT_EVENT), dict), "events")
    require("nonce" not in claims, "nonce: an ID token is no logout token")
    require(isinstance(claims.get("jti"), str), "jti")


def check_access_token(claims: Mapping[str, Any], *, issuer: str, resource: str) -> None:
    """RFC 9068 section 4: addressed to this resource and to no other."""
    require(claims.get("iss") == issuer, "iss")
    require(claims.get("aud") in (resource, [resource]), "aud")
    require(claims.get("exp", 0) > time.time(), "exp")
    require(claims.get("sub"), "sub")
    require(claims.get("client_id"), "client_id")
