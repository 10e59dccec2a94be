"""Giving tokens: for a code, and to a client in its own name. Refreshing has its own file.

Everything is read, decided and signed before the write transaction opens; what must happen once happens in it.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.digests import token_hash
from idp.domain.platform.instants import Instant
from idp.domain.platform.metrics import Metric
from idp.domain.portals.authorization_details import Details
from idp.domain.portals.clients import Client, GrantType
from idp.domain.portals.confirmations import NO_CONFIRMATION, Confirmation
from idp.domain.portals.grants import Grant, TokenRefusal, family_expires_at
from idp.domain.portals.refresh_tokens import RefreshToken
from idp.domain.portals.tokens import ACCESS_TOKEN_TYPE, choose_audience, machine_token_claims, token_response
from idp.store.database import Connected
from idp.store.portals.grants import find_grant_by_code
from idp.store.portals.spending import consume_code, insert_family, revoke_grant
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit
from idp.usecases.portals.authorization_details import given_details
from idp.usecases.portals.token_signing import sign_for_person


def find_code(deps: Deps, code: str) -> Grant | None:
    """What this authorization code stands for, spent or not: one statement."""
    with deps.read() as connection:
        return find_grant_by_code(connection, token_hash(code))


def redeem_code(
    deps: Deps,
    actor: Actor,
    client: Client,
    grant: Grant,
    *,
    grant_type: GrantType = GrantType.AUTHORIZATION_CODE,
    resources: Sequence[str] = (),
    details: Details = (),
    confirmation: Confirmation = NO_CONFIRMATION,
) -> bytes | TokenRefusal:
    """The JSON of the token response for a checked request; a code that was spent before ends all it gave.

    RFC 6749 section 4.1.2: single use; RFC 9700 section 4.5: a replay revokes. A device code
    never travels through a browser, and devices poll twice by mistake: its second use gives nothing, and ends nothing.
    """
    now = deps.clock.now()
    if grant.redeemed_at is not None:
        return _replayed(deps, actor, grant, grant_type)
    if grant.code_expires_at <= now or not grant.holds(now):
        return TokenRefusal.INVALID_GRANT
    if grant.dpop_jkt not in ("", confirmation.jkt):  # RFC 9449 section 10
        return TokenRefusal.INVALID_GRANT
    scopes = grant.scopes & client.scopes
    audience = choose_audience(
        deps.registry(), deps.issuer, client, asked=resources, scopes=scopes, granted=grant.resources
    )
    if audience is None:
        return TokenRefusal.INVALID_TARGET
    given = given_details(client, grant, details)
    if given is None:
        return TokenRefusal.INVALID_DETAILS
    token, family = _new_family(deps, grant, client, confirmation, now)
    body = sign_for_person(
        deps,
        client,
        grant,
        audience,
        scopes,
        refresh_token=token.text if token else "",
        nonce=grant.nonce,
        now=now,
        confirmation=confirmation,
        details=given,
    )
    if isinstance(body, TokenRefusal):
        return body
    with deps.transaction() as connection:
        spent = consume_code(connection, grant.id, now)
        if spent:
            if family:
                insert_family(connection, family)
            write_audit(connection, deps, actor, _record(AuditEvent.CODE_REDEEMED, grant))
    if not spent:  # another request was quicker: the same code twice
        return _replayed(deps, actor, grant, grant_type)
    deps.metrics.count(Metric.TOKENS, grant_type=grant_type, outcome="given")
    return body


def issue_for_client(
    deps: Deps,
    client: Client,
    *,
    scopes: Set[str],
    resources: Sequence[str] = (),
    confirmation: Confirmation = NO_CONFIRMATION,
) -> bytes | TokenRefusal:
    """An access token for the client itself (RFC 6749 section 4.4): nothing is read, nothing written."""
    registry = deps.registry()
    audience = choose_audience(registry, deps.issuer, client, asked=resources, scopes=frozenset())
    if audience is None:
        return TokenRefusal.INVALID_TARGET
    life = deps.lifetimes.access_token
    carried = audience.carried(scopes)
    claims = machine_token_claims(
        client.client_id,
        audience,
        carried,
        issuer=deps.issuer,
        jti=deps.random.token(16),
        now=deps.clock.now(),
        life=life,
        confirmation=confirmation,
    )
    access_token = deps.signer.sign(claims, alg=audience.signing_alg, typ=ACCESS_TOKEN_TYPE)
    deps.metrics.count(Metric.TOKENS, grant_type=GrantType.CLIENT_CREDENTIALS, outcome="given")
    return token_response(access_token, carried, life=life, token_type=confirmation.token_type)


def _replayed(deps: Deps, actor: Actor, grant: Grant, grant_type: GrantType) -> TokenRefusal:
    if grant_type is GrantType.DEVICE_CODE:
        return TokenRefusal.INVALID_GRANT
    with deps.transaction() as connection:
        _end(connection, deps, actor, grant)
    return TokenRefusal.INVALID_GRANT


def _end(connection: Connected, deps: Deps, actor: Actor, grant: Grant) -> None:
    revoke_grant(connection, grant.id, deps.clock.now())
    write_audit(connection, deps, actor, _record(AuditEvent.CODE_REPLAYED, grant))


def _new_family(
    deps: Deps, grant: Grant, client: Client, confirmation: Confirmation, now: Instant
) -> tuple[RefreshToken, dict[str, Any]] | tuple[None, None]:
    """The first refresh token of a client registered for the grant, and the row that remembers it."""
    if not client.may_use(GrantType.REFRESH_TOKEN):
        return None, None
    # RFC 9449 section 5, RFC 8705 section 4: the refresh tokens of a client that proves itself are bound by that.
    bound = confirmation if client.is_public else NO_CONFIRMATION
    token = RefreshToken(deps.random.token(16), 1, deps.random.token(32))
    row = {
        "id": token.family_id,
        "authorization_id": grant.id,
        "client_id": grant.client_id,
        "generation": token.generation,
        "token_hash": token_hash(token.text),
        "jkt": bound.jkt,
        "x5t_s256": bound.x5t_s256,
        "rotated_at": now,
        "last_used_at": now,
        "expires_at": family_expires_at(grant, now, deps.lifetimes),
    }
    return token, row


def _record(event: AuditEvent, grant: Grant) -> AuditRecord:
    return AuditRecord(event, grant.person.subject, grant.client_id, {"authorization": grant.id})
