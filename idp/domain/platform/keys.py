"""Signing keys: their states and when each may sign, be published, be trusted.

A key is `next` from its birth, published but unused, so that every verifier has it before the first signature;
`active` while it signs; `retired` while tokens signed with it live; `compromised` at once and for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from idp.domain.platform.instants import Instant, after
from idp.domain.platform.lifetimes import Lifetimes


class SigningAlgorithm(StrEnum):
    """JWS algorithms that we sign with or accept."""

    RS256 = "RS256"
    PS256 = "PS256"
    ES256 = "ES256"
    EDDSA = "EdDSA"


class HmacAlgorithm(StrEnum):
    """JWS algorithms of clients that prove themselves with a secret (client_secret_jwt). We never sign with them."""

    HS256 = "HS256"
    HS384 = "HS384"
    HS512 = "HS512"

    @property
    def least(self) -> int:
        """Bytes of the shortest secret (RFC 7518 section 3.2)."""
        return {"HS256": 32, "HS384": 48, "HS512": 64}[self]


class KeyState(StrEnum):
    """Where a signing key is in its life."""

    NEXT = "next"
    ACTIVE = "active"
    RETIRED = "retired"
    COMPROMISED = "compromised"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What the table says of one key, without its private part."""

    kid: str
    alg: SigningAlgorithm
    state: KeyState
    created_at: Instant
    activated_at: Instant | None = None
    retired_at: Instant | None = None
    published_until: Instant | None = None
    """Leaves the JWKS after this; None while it may still sign."""
    expires_at: Instant | None = None
    """Kept for verifying id_token_hint until this."""

    def is_published(self, now: Instant) -> bool:
        """Whether the JWKS shows it."""
        return self.state is not KeyState.COMPROMISED and (self.published_until is None or now < self.published_until)

    def is_trusted(self, now: Instant) -> bool:
        """Whether a signature by it still means that we made it."""
        return self.state is not KeyState.COMPROMISED and (self.expires_at is None or now < self.expires_at)


def ripe_at(key: SigningKey, lifetimes: Lifetimes) -> Instant:
    """When every verifier that caches the JWKS has this key: one full cache life after every node published it."""
    return after(key.created_at, lifetimes.jwks_cache + lifetimes.key_spread)


def published_until(retired_at: Instant, lifetimes: Lifetimes) -> Instant:
    """When the last token signed by a key retired now is dead."""
    return after(retired_at, max(lifetimes.access_token, lifetimes.id_token) + lifetimes.key_spread)


def trusted_until(retired_at: Instant, lifetimes: Lifetimes) -> Instant:
    """How long hints signed by a key retired now are understood: the longest session plus 30 days."""
    return after(retired_at, lifetimes.session_absolute + lifetimes.hint_keys)


def of_state(keys: Iterable[SigningKey], alg: SigningAlgorithm, state: KeyState) -> SigningKey | None:
    """The youngest key of that algorithm in that state, or None."""
    fitting = [key for key in keys if key.alg is alg and key.state is state]
    return max(fitting, key=lambda key: (key.created_at, key.kid), default=None)


def is_due(active: SigningKey, now: Instant, lifetimes: Lifetimes) -> bool:
    """Whether the scheduled rotation should replace this key."""
    return now >= after(active.activated_at or active.created_at, lifetimes.key_active)


def retired(key: SigningKey, now: Instant, lifetimes: Lifetimes) -> SigningKey:
    """The key once it no longer signs; one that never signed leaves at once."""
    signed = key.state is KeyState.ACTIVE
    shown_until = published_until(now, lifetimes) if signed else now
    kept_until = trusted_until(now, lifetimes) if signed else now
    return replace(key, state=KeyState.RETIRED, retired_at=now, published_until=shown_until, expires_at=kept_until)


def compromised(key: SigningKey, now: Instant, lifetimes: Lifetimes) -> SigningKey:
    """The key once somebody else may have it; its row stays as long as a retired one's, for the operator to see."""
    kept_until = trusted_until(now, lifetimes)
    return replace(
        key, state=KeyState.COMPROMISED, retired_at=key.retired_at or now, published_until=now, expires_at=kept_until
    )


def activated(key: SigningKey, now: Instant) -> SigningKey:
    """The key once it signs."""
    return replace(key, state=KeyState.ACTIVE, activated_at=now)


@dataclass(frozen=True, slots=True)
class Promotion:
    """`new` takes over from `old`."""

    new: SigningKey
    old: SigningKey


@dataclass(frozen=True, slots=True)
class Waiting:
    """The algorithm's next key may sign from `until`: some verifier may not have it before."""

    alg: SigningAlgorithm
    until: Instant


def next_step(
    keys: Iterable[SigningKey], alg: SigningAlgorithm, now: Instant, lifetimes: Lifetimes
) -> Promotion | Waiting:
    """How this algorithm's rotation goes on. Without a next key it waits for one that is made now."""
    known = tuple(keys)
    new, old = of_state(known, alg, KeyState.NEXT), of_state(known, alg, KeyState.ACTIVE)
    if new is None or old is None:
        return Waiting(alg, after(now, lifetimes.jwks_cache + lifetimes.key_spread))
    ripe = ripe_at(new, lifetimes)
    return Promotion(new, old) if now >= ripe else Waiting(alg, ripe)
