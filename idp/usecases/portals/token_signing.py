"""The step that signs what a person's grant gives. It takes no connection: no signature while a transaction is open."""

from __future__ import annotations

from collections.abc import Set

from idp.domain.platform.instants import Instant
from idp.domain.portals.authorization_details import Details
from idp.domain.portals.clients import Client
from idp.domain.portals.confirmations import NO_CONFIRMATION, Confirmation
from idp.domain.portals.grants import Grant, TokenRefusal
from idp.domain.portals.subjects import client_subject
from idp.domain.portals.tokens import (
    ACCESS_TOKEN_TYPE,
    ID_TOKEN_TYPE,
    Audience,
    access_token_claims,
    id_token_claims,
    token_response,
)
from idp.usecases.deps import Deps
from idp.usecases.portals.encrypting import encrypted


def grant_subject(deps: Deps, client: Client, grant: Grant) -> str:
    """The name under which this client knows the person of the grant."""
    return client_subject(client, grant.person.subject, deps.pairwise_salt())


def sign_for_person(
    deps: Deps,
    client: Client,
    grant: Grant,
    audience: Audience,
    scopes: Set[str],
    *,
    refresh_token: str,
    nonce: str,
    now: Instant,
    confirmation: Confirmation = NO_CONFIRMATION,
    details: Details = (),
) -> bytes | TokenRefusal:
    """The token response, as JSON: access token, ID token when `openid` is among `scopes`, refresh token as given.

    Refused when the ID token is to be encrypted and no key of the client serves: nothing is spent yet.
    """
    sub, life = grant_subject(deps, client, grant), deps.lifetimes.access_token
    claims = access_token_claims(
        grant,
        sub,
        audience,
        scopes,
        issuer=deps.issuer,
        jti=deps.random.token(16),
        now=now,
        life=life,
        confirmation=confirmation,
        details=details,
    )
    access_token = deps.signer.sign(claims, alg=audience.signing_alg, typ=ACCESS_TOKEN_TYPE)
    id_token = ""
    if "openid" in scopes:
        about = id_token_claims(
            client,
            grant,
            sub,
            scopes,
            issuer=deps.issuer,
            access_token=access_token,
            nonce=nonce,
            now=now,
            lifetimes=deps.lifetimes,
        )
        id_token = deps.signer.sign(about, alg=client.id_token_signed_response_alg, typ=ID_TOKEN_TYPE)
        if client.id_token_encrypted_response_alg:
            alg, enc = client.id_token_encrypted_response_alg, client.id_token_encrypted_response_enc
            id_token = encrypted(deps, client, id_token, alg, enc) or ""
            if not id_token:
                return TokenRefusal.NO_KEY
    return token_response(
        access_token,
        audience.carried(scopes),
        life=life,
        id_token=id_token,
        refresh_token=refresh_token,
        token_type=confirmation.token_type,
        details=details,
    )
