"""A refresh token for the next one: rotated by one UPDATE, forgiving for ten seconds, merciless afterwards.

RFC 9700 section 4.14.2: reuse of a replaced refresh token means that two parties hold it, so the family ends. A client
whose tokens are bound to its key keeps one refresh token (FAPI 2.0 Security Profile section 5.3.2.1 item 9): a thief
cannot use it, and an answer that was lost on the way ends nothing.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import partial

from idp.adapters.sealer import decrypt_under, encrypt_under
from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.digests import token_hash
from idp.domain.platform.instants import Instant
from idp.domain.platform.metrics import Metric
from idp.domain.portals.authorization_details import Details
from idp.domain.portals.clients import Client, GrantType
from idp.domain.portals.confirmations import NO_CONFIRMATION, Confirmation
from idp.domain.portals.grants import Grant, RefreshFamily, TokenRefusal
from idp.domain.portals.refresh_tokens import RefreshToken, read_refresh_token
from idp.domain.portals.tokens import choose_audience
from idp.store.portals.grants import FamilyWithGrant, find_family
from idp.store.portals.spending import move_generation, revoke_grant, touch_family
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit
from idp.usecases.portals.authorization_details import given_details
from idp.usecases.portals.token_signing import sign_for_person


@dataclass(frozen=True, slots=True)
class Asked:
    """What a refresh asks of what was granted; nothing: all of it."""

    scopes: Set[str]
    resources: Sequence[str]
    details: Details


def refresh(
    deps: Deps,
    actor: Actor,
    client: Client,
    presented: str,
    *,
    scopes: Set[str] = frozenset(),
    resources: Sequence[str] = (),
    details: Details = (),
    confirmation: Confirmation = NO_CONFIRMATION,
) -> bytes | TokenRefusal:
    """The JSON of the token response: three statements; a request that lost the race reads the row once more."""
    token = read_refresh_token(presented)
    found = _find(deps, client, token, confirmation) if token else None
    if token is None or found is None:
        return TokenRefusal.INVALID_GRANT
    if not _is_newest(found.family, token):
        return _replaced(deps, actor, token, found)
    asked = Asked(scopes, resources, details)
    rotated = _rotate(deps, actor, client, token, found, asked, confirmation)
    if rotated is not None:
        return rotated
    again = _find(deps, client, token, confirmation)
    return TokenRefusal.INVALID_GRANT if again is None else _replaced(deps, actor, token, again)


def _find(deps: Deps, client: Client, token: RefreshToken, shown: Confirmation) -> FamilyWithGrant | None:
    """The family of this token if it is this client's, bound to nothing but what was shown, and holds."""
    with deps.read() as connection:
        found = find_family(connection, token.family_id)
    if found is None or found.family.client_id != client.client_id:
        return None
    if not found.family.confirmation.is_met_by(shown):
        return None
    return found if found.family.holds(found.grant, deps.clock.now(), deps.lifetimes) else None


def _is_newest(family: RefreshFamily, token: RefreshToken) -> bool:
    return family.generation == token.generation


def _rotate(
    deps: Deps,
    actor: Actor,
    client: Client,
    token: RefreshToken,
    found: FamilyWithGrant,
    asked: Asked,
    confirmation: Confirmation,
) -> bytes | TokenRefusal | None:
    """The answer under a new generation, or under the same one; None when another request moved it first."""
    grant, now = found.grant, deps.clock.now()
    old_hash = token_hash(token.text)
    granted = grant.scopes & client.scopes
    if old_hash != found.family.token_hash:
        return TokenRefusal.INVALID_GRANT  # a guess: nobody ever held this token, so nothing ends
    if not asked.scopes <= granted:
        return TokenRefusal.INVALID_SCOPE
    wanted = frozenset(asked.scopes) or granted
    audience = choose_audience(
        deps.registry(), deps.issuer, client, asked=asked.resources, scopes=wanted, granted=grant.resources
    )
    if audience is None:
        return TokenRefusal.INVALID_TARGET
    given = given_details(client, grant, asked.details)
    if given is None:
        return TokenRefusal.INVALID_DETAILS
    next_token = _next(deps, token) if client.rotates_refresh_tokens else token
    # No nonce: OpenID Connect Core section 12.2.
    body = sign_for_person(
        deps,
        client,
        grant,
        audience,
        wanted,
        refresh_token=next_token.text,
        nonce="",
        now=now,
        confirmation=confirmation,
        details=given,
    )
    if isinstance(body, TokenRefusal):
        return body
    if next_token is token:
        use = partial(touch_family, family_id=token.family_id, held_hash=old_hash, now=now)
    else:
        use = partial(
            move_generation,
            family_id=token.family_id,
            was=token.generation,
            old_hash=old_hash,
            new_hash=token_hash(next_token.text),
            response=encrypt_under(token.text, body),
            now=now,
        )
    with deps.transaction() as connection:
        moved = use(connection)
        if moved:
            write_audit(connection, deps, actor, _record(AuditEvent.TOKEN_REFRESHED, grant))
    if not moved:
        return None
    deps.metrics.count(Metric.TOKENS, grant_type=GrantType.REFRESH_TOKEN, outcome="given")
    return body


def _next(deps: Deps, token: RefreshToken) -> RefreshToken:
    return RefreshToken(token.family_id, token.generation + 1, deps.random.token(32))


def _replaced(deps: Deps, actor: Actor, token: RefreshToken, found: FamilyWithGrant) -> bytes | TokenRefusal:
    """What a token of an earlier generation gets: the identical answer for a moment, else the end of its family."""
    family, now = found.family, deps.clock.now()
    if token.generation > family.generation:
        return TokenRefusal.INVALID_GRANT
    if token.generation == family.generation - 1 and now < family.rotated_at + deps.lifetimes.refresh_reuse:
        answer = decrypt_under(token.text, family.previous_response or b"")
        return TokenRefusal.INVALID_GRANT if answer is None else answer
    _end(deps, actor, found.grant, now)
    return TokenRefusal.INVALID_GRANT


def _end(deps: Deps, actor: Actor, grant: Grant, now: Instant) -> None:
    with deps.transaction() as connection:
        revoke_grant(connection, grant.id, now)
        write_audit(connection, deps, actor, _record(AuditEvent.REFRESH_REPLAYED, grant))


def _record(event: AuditEvent, grant: Grant) -> AuditRecord:
    return AuditRecord(event, grant.person.subject, grant.client_id, {"authorization": grant.id})
