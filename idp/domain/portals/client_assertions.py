"""What a client assertion must say (RFC 7523 section 3, OpenID Connect Core section 9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idp.domain.platform.instants import SECOND, Instant
from idp.domain.platform.lifetimes import Lifetimes
from idp.domain.portals.profiles import AssertionAudience, ProfileRules

LONGEST_JTI = 1024


@dataclass(frozen=True, slots=True)
class Audiences:
    """Our own names: the issuer, the token endpoint and the endpoint that was called."""

    issuer: str
    endpoints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AcceptedAssertion:
    """A fresh assertion by this client for us; its `jti` still has to be spent."""

    jti: str
    expires_at: Instant
    """After this it is refused anyway, so the jti may be forgotten."""


def check_assertion(
    claims: Mapping[str, Any],
    client_id: str,
    rules: ProfileRules,
    audiences: Audiences,
    now: Instant,
    lifetimes: Lifetimes,
) -> AcceptedAssertion | None:
    """What to spend, or None: not by this client about itself, not for us, out of its time or without a jti."""
    jti, expires = claims.get("jti"), _instant(claims.get("exp"))
    begins = [_instant(claims[name]) for name in ("nbf", "iat") if name in claims]
    leeway = lifetimes.clock_skew
    if not (
        claims.get("iss") == client_id
        and claims.get("sub") == client_id
        and _is_for(claims.get("aud"), rules.assertion_audience, audiences)
    ):
        return None
    if expires is None or not now - leeway < expires <= now + rules.assertion_life + leeway:
        return None
    if any(begin is None or begin > now + leeway for begin in begins):
        return None
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI:
        return None
    return AcceptedAssertion(jti, Instant(expires + leeway))


def _is_for(audience: object, demanded: AssertionAudience, audiences: Audiences) -> bool:
    """An array that also names somebody else is refused: they could pass the assertion on to us (RFC 9700 4.4)."""
    if demanded is AssertionAudience.ISSUER_ONLY:
        return audience == audiences.issuer
    named = audience[0] if isinstance(audience, list) and len(audience) == 1 else audience
    return isinstance(named, str) and named in (audiences.issuer, *audiences.endpoints)


def _instant(date: object) -> Instant | None:
    """A NumericDate, fractions allowed; a bool is no number here, whatever Python says."""
    if isinstance(date, bool) or not isinstance(date, int | float) or not abs(date) < 2**40:
        return None
    return Instant(int(date * SECOND))
