"""Exchanging a token for one to another API (RFC 8693): it lives and dies with the grant of the first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.instants import SECOND, Instant, to_seconds
from idp.domain.platform.metrics import Metric
from idp.domain.portals.access_tokens import AccessToken, read_access_token
from idp.domain.portals.clients import Client, GrantType
from idp.domain.portals.confirmations import NO_CONFIRMATION, Confirmation
from idp.domain.portals.grants import Grant, TokenRefusal
from idp.domain.portals.token_exchange import (
    ACCESS_TOKEN,
    MOST_ACTORS,
    NOT_PASSED_ON,
    AskedExchange,
    Subject,
    acting,
    actors,
    may_act,
    may_exchange,
)
from idp.domain.portals.tokens import (
    ACCESS_TOKEN_TYPE,
    ID_TOKEN_TYPE,
    Audience,
    choose_audience,
    scope_text,
    token_response,
)
from idp.store.portals.grants import find_grant_of_session
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit
from idp.usecases.portals.clients import find_client
from idp.usecases.portals.token_signing import grant_subject
from idp.usecases.portals.token_standing import find_token_grant, token_holds

ID_TOKEN_NEEDS = ("iss", "sub", "aud", "exp", "iat", "auth_time", "sid")


def exchange(
    deps: Deps, actor: Actor, client: Client, asked: AskedExchange, *, confirmation: Confirmation = NO_CONFIRMATION
) -> bytes | TokenRefusal:
    """The token response, or why not; section 2.2.2: a token that will not do is an invalid request."""
    found = _held(deps, client, asked)
    if found is None:
        return TokenRefusal.INVALID_REQUEST
    subject, grant = found
    resource = deps.registry().resource(subject.audience)
    owner = resource.owner if resource else ""
    who = _actor(deps, client, asked.actor_token)
    if not may_exchange(client, subject, audience_owner=owner, shown=confirmation) or not who:
        return TokenRefusal.INVALID_REQUEST
    if not may_act(subject.claims, who, deps.issuer) or actors(subject.act) >= MOST_ACTORS:
        return TokenRefusal.INVALID_REQUEST
    audience = _target(deps, client, asked)
    if audience is None:
        return TokenRefusal.INVALID_TARGET
    if not asked.scopes <= subject.scopes:
        return TokenRefusal.INVALID_SCOPE
    scopes = ((asked.scopes or subject.scopes) & client.scopes) - NOT_PASSED_ON
    sub = grant_subject(deps, client, grant) if grant else str(subject.claims["sub"])
    about = _claims(deps, client, subject, grant) | {"sub": sub, "act": acting(who, subject.act)}
    return _give(deps, actor, subject, about, audience, audience.carried(scopes), confirmation)


def _held(deps: Deps, client: Client, asked: AskedExchange) -> tuple[Subject, Grant | None] | None:
    """The subject token if it holds now, as introspection would say it, and the grant that it rests on."""
    if asked.subject_token_type != ACCESS_TOKEN:
        return _held_id_token(deps, client, asked.subject_token)
    token = _read(deps, asked.subject_token)
    if token is None:
        return None
    now = deps.clock.now()
    with deps.read() as connection:
        grant = find_token_grant(connection, token, now) if token.grant_id else None
        if grant is None and (token.grant_id or not token_holds(connection, token, now)):
            return None
    life = token.expires_at - now
    return Subject(token.claims, token.client_id, token.audience, token.scopes, life, token.confirmation), grant


def _held_id_token(deps: Deps, client: Client, text: str) -> tuple[Subject, Grant] | None:
    """An ID token that this client was given: what the sign-in behind it may be told to an API."""
    claims = deps.signer.verify(text, typ=ID_TOKEN_TYPE)
    if claims is None or any(name not in claims for name in ID_TOKEN_NEEDS):
        return None
    now, ends = deps.clock.now(), int(claims["exp"]) * SECOND
    if claims["iss"] != deps.issuer or claims["aud"] != client.client_id or ends <= now:
        return None
    with deps.read() as connection:
        grant = find_grant_of_session(connection, str(claims["sid"]), client.client_id, int(claims["auth_time"]))
    if grant is None or not grant.holds(now) or grant_subject(deps, client, grant) != claims["sub"]:
        return None
    subject = Subject(claims, client.client_id, client.client_id, grant.scopes, ends - now, NO_CONFIRMATION)
    return subject, grant


def _read(deps: Deps, text: str) -> AccessToken | None:
    token = read_access_token(deps.signer.verify(text, typ=ACCESS_TOKEN_TYPE), deps.issuer, deps.clock.now())
    return token if token and find_client(deps, token.client_id) else None


def _actor(deps: Deps, client: Client, text: str) -> str:
    """Who acts from now on: the client, or whoever its own actor token names; "" when that token will not do."""
    if not text:
        return client.client_id
    token = _read(deps, text)
    if token is None or token.client_id != client.client_id:
        return ""
    with deps.read() as connection:
        holds = token_holds(connection, token, deps.clock.now())
    return str(token.claims["sub"]) if holds else ""


def _target(deps: Deps, client: Client, asked: AskedExchange) -> Audience | None:
    """One API, which this client may ask for: named, or its default. Never the gateway itself."""
    targets = asked.targets or ((client.default_resource,) if client.default_resource else ())
    if not targets:
        return None
    return choose_audience(deps.registry(), deps.issuer, client, asked=targets, scopes=frozenset())


def _claims(deps: Deps, client: Client, subject: Subject, grant: Grant | None) -> dict[str, Any]:
    """What does not depend on the target. `cnf` is not copied: the new holder shows its own key."""
    now = deps.clock.now()
    life = min(deps.lifetimes.access_token, subject.expires_in)
    claims: dict[str, Any] = {
        "iss": deps.issuer,
        "client_id": client.client_id,
        "iat": to_seconds(now),
        "exp": to_seconds(Instant(now + life)),
        "jti": deps.random.token(16),
    }
    if grant is not None:
        claims |= {"gid": grant.id, "acr": grant.acr, "auth_time": to_seconds(grant.auth_time)}
    return claims


def _give(
    deps: Deps,
    actor: Actor,
    subject: Subject,
    about: Mapping[str, Any],
    audience: Audience,
    scopes: frozenset[str],
    confirmation: Confirmation,
) -> bytes:
    claims = {**about, "aud": audience.identifier, "scope": scope_text(scopes), **confirmation.claim}
    token = deps.signer.sign(claims, alg=audience.signing_alg, typ=ACCESS_TOKEN_TYPE)
    facts: dict[str, str | int] = {
        "from": subject.client_id,
        "audience": audience.identifier,
        "depth": actors(claims["act"]),
    }
    record = AuditRecord(AuditEvent.TOKEN_EXCHANGED, client_id=str(claims["client_id"]), facts=facts)
    if "gid" in claims:
        record = replace(record, facts={**facts, "authorization": str(claims["gid"])})
    with deps.single_write() as connection:
        write_audit(connection, deps, actor, record)
    deps.metrics.count(Metric.TOKENS, grant_type=GrantType.TOKEN_EXCHANGE, outcome="given")
    return token_response(
        token,
        scopes,
        life=(claims["exp"] - claims["iat"]) * SECOND,
        token_type=confirmation.token_type,
        issued_token_type=ACCESS_TOKEN,
    )
