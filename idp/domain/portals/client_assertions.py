"""What a client assertion must say (RFC 7523 section 3, OpenID Connect Core section 9)."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from idp.domain.platform.instants import SECOND, Instant
from idp.domain.platform.lifetimes import Lifetimes

LONGEST_JTI = 1024


@dataclass(frozen=True, slots=True)
class AcceptedAssertion:
    """A fresh assertion by this client for us; its `jti` still has to be spent."""

    jti: str
    expires_at: Instant
    """After this it is refused anyway, so the jti may be forgotten."""


def check_assertion(
    claims: Mapping[str, Any], client_id: str, audiences: Set[str], now: Instant, lifetimes: Lifetimes
) -> AcceptedAssertion | None:
    """What to spend, or None: not by this client about itself, not for us, out of its time or without a jti."""
    jti, expires = claims.get("jti"), _instant(claims.get("exp"))
    begins = [_instant(claims[name]) for name in ("nbf", "iat") if name in claims]
    leeway = lifetimes.clock_skew
    if not (
        claims.get("iss") == client_id and claims.get("sub") == client_id and _is_for(claims.get("aud"), audiences)
    ):
        return None
    if expires is None or not now - leeway < expires <= now + lifetimes.client_assertion + leeway:
        return None
    if any(begin is None or begin > now + leeway for begin in begins):
        return None
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI:
        return None
    return AcceptedAssertion(jti, Instant(expires + leeway))


def _is_for(audience: object, audiences: Set[str]) -> bool:
    named = audience if isinstance(audience, list) else [audience]
    return any(isinstance(item, str) and item in audiences for item in named)


def _instant(date: object) -> Instant | None:
    """A NumericDate, fractions allowed; a bool is no number here, whatever Python says."""
    if isinstance(date, bool) or not isinstance(date, int | float) or not abs(date) < 2**40:
        return None
    return Instant(int(date * SECOND))
