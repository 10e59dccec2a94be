"""What the tokens say (RFC 9068; OpenID Connect Core section 2)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Sequence, Set
from dataclasses import dataclass
from hashlib import sha256, sha512
from typing import Any

from idp.domain.platform.instants import SECOND, Instant, to_seconds
from idp.domain.platform.keys import SigningAlgorithm
from idp.domain.platform.lifetimes import Lifetimes
from idp.domain.portals.authorization_details import Details
from idp.domain.portals.claims import asked_claims, disclosed
from idp.domain.portals.clients import Client, ClientRegistry
from idp.domain.portals.confirmations import BEARER, NO_CONFIRMATION, Confirmation
from idp.domain.portals.grants import Grant

ACCESS_TOKEN_TYPE = "at+jwt"
ID_TOKEN_TYPE = "JWT"


@dataclass(frozen=True, slots=True)
class Audience:
    """To whom an access token is addressed, how it is signed, and which scopes mean something there."""

    identifier: str
    signing_alg: SigningAlgorithm = SigningAlgorithm.ES256
    scopes: frozenset[str] = frozenset()
    """Empty: every granted scope travels."""

    def carried(self, scopes: Set[str]) -> frozenset[str]:
        """The scopes of these that the token says."""
        return frozenset(scopes & self.scopes if self.scopes else scopes)


def choose_audience(
    registry: ClientRegistry,
    issuer: str,
    client: Client,
    *,
    asked: Sequence[str],
    scopes: Set[str],
    granted: Sequence[str] = (),
) -> Audience | None:
    """One audience: the asked resource; else the issuer for `openid`; else what the authorization request named
    (`granted`); else the client's default; else the issuer. None: it may not be asked for (RFC 8707, invalid_target).
    """
    if asked:
        return _asked_audience(registry, client, asked, granted)
    if "openid" in scopes:
        return Audience(issuer)
    default = registry.resource(granted[0] if granted else client.default_resource)
    return Audience(default.identifier, default.signing_alg, default.scopes) if default else Audience(issuer)


def _asked_audience(
    registry: ClientRegistry, client: Client, asked: Sequence[str], granted: Sequence[str]
) -> Audience | None:
    resource = registry.resource(asked[0])
    if resource is None or len(asked) > 1 or client.client_id not in resource.clients:
        return None
    if granted and resource.identifier not in granted:
        return None  # RFC 8707 section 2.2: never another than the person was asked about
    return Audience(resource.identifier, resource.signing_alg, resource.scopes)


def access_token_claims(
    grant: Grant,
    sub: str,
    audience: Audience,
    scopes: Set[str],
    *,
    issuer: str,
    jti: str,
    now: Instant,
    life: int,
    confirmation: Confirmation = NO_CONFIRMATION,
    details: Details = (),
) -> dict[str, Any]:
    """An access token that a person's authorization gave."""
    issued_at = to_seconds(now)
    rich = {"authorization_details": [dict(item) for item in details]} if details else {}
    return {
        "iss": issuer,
        "sub": sub,
        "aud": audience.identifier,
        "client_id": grant.client_id,
        "scope": scope_text(audience.carried(scopes)),
        "iat": issued_at,
        "exp": issued_at + life // SECOND,
        "jti": jti,
        "auth_time": to_seconds(grant.auth_time),
        "acr": grant.acr,
        "sid": grant.sid,
        "gid": grant.id,
        **rich,
        **confirmation.claim,
    }


def machine_token_claims(
    client_id: str,
    audience: Audience,
    scopes: Set[str],
    *,
    issuer: str,
    jti: str,
    now: Instant,
    life: int,
    confirmation: Confirmation = NO_CONFIRMATION,
) -> dict[str, Any]:
    """An access token that a client has in its own name: no `gid`, so it can never speak for a person."""
    issued_at = to_seconds(now)
    return {
        "iss": issuer,
        "sub": client_id,
        "aud": audience.identifier,
        "client_id": client_id,
        "scope": scope_text(audience.carried(scopes)),
        "iat": issued_at,
        "exp": issued_at + life // SECOND,
        "jti": jti,
        **confirmation.claim,
    }


def id_token_claims(
    client: Client,
    grant: Grant,
    sub: str,
    scopes: Set[str],
    *,
    issuer: str,
    access_token: str,
    nonce: str,
    now: Instant,
    lifetimes: Lifetimes,
) -> dict[str, Any]:
    """Protocol claims, and of the person only what `claims.id_token` or the client's registration asks."""
    issued_at = to_seconds(now)
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": sub,
        "aud": client.client_id,
        "exp": issued_at + lifetimes.id_token // SECOND,
        "iat": issued_at,
        "auth_time": to_seconds(grant.auth_time),
        "acr": grant.acr,
        "amr": list(grant.amr),
        "channel": grant.channel,
        "sid": grant.sid,
        "at_hash": at_hash(access_token, client.id_token_signed_response_alg),
    }
    if nonce:
        claims["nonce"] = nonce
    told = scopes if client.id_token_claims_by_scope else frozenset[str]()
    asked = asked_claims(grant.claims_request, "id_token")
    if not told and not asked:
        return claims
    return disclosed(grant.person, sub, scopes=told, asked=asked, registered=client.scopes) | claims


def at_hash(access_token: str, alg: SigningAlgorithm) -> str:
    """Left half of the hash that the ID token's algorithm uses (OpenID Connect Core section 3.1.3.6)."""
    digest = sha512 if alg is SigningAlgorithm.EDDSA else sha256
    whole = digest(access_token.encode()).digest()
    return urlsafe_b64encode(whole[: len(whole) // 2]).rstrip(b"=").decode()


def scope_text(scopes: Set[str]) -> str:
    """As RFC 6749 section 3.3 writes it; `openid` first, then by name, so that equal sets read alike."""
    return " ".join(sorted(scopes, key=lambda scope: (scope != "openid", scope)))


def token_response(
    access_token: str,
    scopes: Set[str],
    *,
    life: int,
    id_token: str = "",
    refresh_token: str = "",
    token_type: str = BEARER,
    issued_token_type: str = "",
    details: Details = (),
) -> bytes:
    """The JSON of RFC 6749 section 5.1; `issued_token_type` is of RFC 8693 section 2.2.1, `details` of RFC 9396
    section 7."""
    response: dict[str, Any] = {"access_token": access_token, "token_type": token_type, "expires_in": life // SECOND}
    if issued_token_type:
        response["issued_token_type"] = issued_token_type
    if refresh_token:
        response["refresh_token"] = refresh_token
    if id_token:
        response["id_token"] = id_token
    if scopes:
        response["scope"] = scope_text(scopes)
    if details:
        response["authorization_details"] = [dict(item) for item in details]
    return json.dumps(response, separators=(",", ":")).encode()
