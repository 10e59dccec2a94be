"""What userinfo tells a client about a person (OpenID Connect Core section 5.3)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from idp.domain.portals.access_tokens import AccessToken, read_access_token
from idp.domain.portals.claims import asked_claims, disclosed
from idp.domain.portals.clients import Client
from idp.domain.portals.grants import Grant
from idp.domain.portals.tokens import ACCESS_TOKEN_TYPE
from idp.store.portals.grants import find_grant_of_token
from idp.usecases.deps import Deps
from idp.usecases.portals.clients import find_client
from idp.usecases.portals.encrypting import NESTED, PLAIN, encrypted
from idp.usecases.portals.possession import Presentation, refuses
from idp.usecases.portals.token_signing import grant_subject

JWT_CONTENT = "application/jwt"


class UserinfoRefusal(StrEnum):
    """RFC 6750 section 3.1."""

    INVALID_TOKEN = "invalid_token"
    INSUFFICIENT_SCOPE = "insufficient_scope"
    INVALID_DPOP_PROOF = "invalid_dpop_proof"
    """RFC 9449 section 7.1."""
    USE_DPOP_NONCE = "use_dpop_nonce"
    """RFC 9449 section 9."""
    INSUFFICIENT_USER_AUTHENTICATION = "insufficient_user_authentication"
    """RFC 9470 section 3."""
    NO_KEY = "invalid_request"
    """The answer is to be encrypted, and none of the client's keys serves."""


@dataclass(frozen=True, slots=True)
class Userinfo:
    """The claims as JSON, or as a signed JWT for clients that registered an algorithm."""

    client: Client
    body: bytes
    content_type: str


def tell_userinfo(deps: Deps, text: str, shown: Presentation) -> Userinfo | UserinfoRefusal:
    """The claims that this access token gives: one statement, one more for the proof of a bound token.

    Only a token addressed to us: one that a resource received must not open userinfo to it.
    """
    token = read_access_token(deps.signer.verify(text, typ=ACCESS_TOKEN_TYPE), deps.issuer, deps.clock.now())
    client = find_client(deps, token.client_id) if token else None
    if token is None or client is None or token.audience != deps.issuer:
        return UserinfoRefusal.INVALID_TOKEN
    if not token.grant_id or "openid" not in token.scopes:
        return UserinfoRefusal.INSUFFICIENT_SCOPE
    fault = refuses(deps, client, token.confirmation, shown, text)
    if fault is not None:
        return UserinfoRefusal(fault.value)
    with deps.read() as connection:
        grant = find_grant_of_token(connection, token.grant_id, token.jti)
    if grant is None or grant.client_id != client.client_id or not grant.holds(deps.clock.now()):
        return UserinfoRefusal.INVALID_TOKEN
    if not deps.portal_rules.userinfo.is_met_by(grant.acr, grant.auth_time, deps.clock.now()):
        return UserinfoRefusal.INSUFFICIENT_USER_AUTHENTICATION
    return _shaped(deps, client, _claims(deps, client, grant, token))


def _claims(deps: Deps, client: Client, grant: Grant, token: AccessToken) -> dict[str, Any]:
    sub = grant_subject(deps, client, grant)
    told = disclosed(
        grant.person,
        sub,
        scopes=token.scopes,
        asked=asked_claims(grant.claims_request, "userinfo"),
        registered=client.scopes,
    )
    return {"sub": sub, **told}


def _shaped(deps: Deps, client: Client, claims: dict[str, Any]) -> Userinfo | UserinfoRefusal:
    """Plain, signed, encrypted, or signed then encrypted (section 5.3.2)."""
    alg, encryption = client.userinfo_signed_response_alg, client.userinfo_encrypted_response_alg
    if alg is None:
        text = json.dumps(claims, separators=(",", ":"))
    else:
        text = deps.signer.sign({"iss": deps.issuer, "aud": client.client_id, **claims}, alg=alg, typ="JWT")
    if encryption:
        header = NESTED if alg else PLAIN
        hidden = encrypted(deps, client, text, encryption, client.userinfo_encrypted_response_enc, header)
        return Userinfo(client, hidden.encode(), JWT_CONTENT) if hidden else UserinfoRefusal.NO_KEY
    return Userinfo(client, text.encode(), JWT_CONTENT if alg else "application/json")
