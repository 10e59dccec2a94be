"""Whether a token holds now (RFC 7662): said only to whom it was issued or whose resource it is addressed to."""

from __future__ import annotations

from typing import Any

from idp.domain.platform.actors import Actor
from idp.domain.platform.digests import token_hash
from idp.domain.platform.instants import to_seconds
from idp.domain.platform.metrics import Metric
from idp.domain.portals.access_tokens import AccessToken, read_access_token
from idp.domain.portals.clients import Client
from idp.domain.portals.legacy_widgets import is_legacy_token
from idp.domain.portals.refresh_tokens import RefreshToken, read_refresh_token
from idp.domain.portals.subjects import client_subject
from idp.domain.portals.tokens import ACCESS_TOKEN_TYPE, scope_text
from idp.store.portals.grants import find_family
from idp.usecases.deps import Deps
from idp.usecases.portals.clients import find_client
from idp.usecases.portals.encrypting import encrypted
from idp.usecases.portals.legacy_widgets import described, redeem
from idp.usecases.portals.token_standing import token_holds

INTROSPECTION_TYPE = "token-introspection+jwt"
INACTIVE: dict[str, Any] = {"active": False}
"""All that anybody else learns (section 2.2)."""


def introspect(deps: Deps, actor: Actor, client: Client, text: str) -> dict[str, Any]:
    """The answer to `client` about this token: one statement, none for what is no token of ours."""
    refresh_token = read_refresh_token(text)
    if refresh_token is not None:
        answer = _about_refresh_token(deps, client, refresh_token)
    elif is_legacy_token(text):
        answer = _about_legacy_token(deps, actor, client, text)
    else:
        answer = _about_access_token(deps, client, text)
    deps.metrics.count(Metric.INTROSPECTIONS, active="true" if answer["active"] else "false")
    return answer


def signed_introspection(deps: Deps, client: Client, answer: dict[str, Any]) -> str | None:
    """The same answer as a JWT for this caller alone (RFC 9701 section 5): it can be shown to others as ours. None: it
    is to be encrypted (section 6), and none of the caller's keys serves."""
    claims = {
        "iss": deps.issuer,
        "aud": client.client_id,
        "iat": to_seconds(deps.clock.now()),
        "token_introspection": answer,
    }
    alg = client.introspection_signed_response_alg or client.rules.id_token_algorithm
    signed = deps.signer.sign(claims, alg=alg, typ=INTROSPECTION_TYPE)
    encryption, enc = client.introspection_encrypted_response_alg, client.introspection_encrypted_response_enc
    return encrypted(deps, client, signed, encryption, enc) if encryption else signed


def _about_access_token(deps: Deps, client: Client, text: str) -> dict[str, Any]:
    token = read_access_token(deps.signer.verify(text, typ=ACCESS_TOKEN_TYPE), deps.issuer, deps.clock.now())
    if token is None or not _may_ask(deps, client, token) or not _holds(deps, token):
        return INACTIVE
    shown = {name: value for name, value in token.claims.items() if name != "gid"}
    return {"active": True, "token_type": token.confirmation.token_type, **shown}


def _may_ask(deps: Deps, client: Client, token: AccessToken) -> bool:
    if token.client_id == client.client_id:
        return True
    resource = deps.registry().resource(token.audience)
    return resource is not None and resource.owner == client.client_id


def _holds(deps: Deps, token: AccessToken) -> bool:
    if find_client(deps, token.client_id) is None:  # removing a client ends its tokens
        return False
    with deps.read() as connection:
        return token_holds(connection, token, deps.clock.now())


def _about_refresh_token(deps: Deps, client: Client, token: RefreshToken) -> dict[str, Any]:
    with deps.read() as connection:
        found = find_family(connection, token.family_id)
    if found is None or found.family.client_id != client.client_id:
        return INACTIVE
    family, grant = found.family, found.grant
    if family.token_hash != token_hash(token.text) or not family.holds(grant, deps.clock.now(), deps.lifetimes):
        return INACTIVE
    return {
        "active": True,
        "iss": deps.issuer,
        "sub": client_subject(client, grant.person.subject, deps.pairwise_salt()),
        "client_id": client.client_id,
        "scope": scope_text(grant.scopes & client.scopes),
        "exp": to_seconds(family.expires_at),
    }


def _about_legacy_token(deps: Deps, actor: Actor, client: Client, text: str) -> dict[str, Any]:
    """Said once: this spends it."""
    with deps.transaction() as connection:
        row = redeem(connection, deps, actor, client, text)
    return described(deps, client, row) if row else INACTIVE
