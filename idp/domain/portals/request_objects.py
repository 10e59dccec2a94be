"""What a signed authorization request must say (RFC 9101; FAPI 2.0 Message Signing section 5.3)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from idp.domain.platform.instants import MINUTE, SECOND, Instant
from idp.domain.portals.clients import Client

LONGEST_LIFE = 60 * MINUTE
"""From `nbf` to `exp`, and from `nbf` to now, where the profile demands both."""
TYPES = ("", "jwt", "oauth-authz-req+jwt")
ABOUT_THE_TOKEN = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti", "sub"})


def object_problem(
    header: Mapping[str, Any], claims: Mapping[str, Any], client: Client, issuer: str, now: Instant, skew: int
) -> str | None:
    """What is wrong with a request object whose signature is right, or None."""
    if str(header.get("typ", "")).lower().removeprefix("application/") not in TYPES:
        return "its typ is that of another kind of token"
    if claims.get("client_id") != client.client_id or claims.get("iss", client.client_id) != client.client_id:
        return "client_id and iss must be the client's own"
    if claims.get("sub") == client.client_id:  # RFC 9101 section 10.8: it could pass for a client assertion
        return "sub must not be the client"
    if "request" in claims or "request_uri" in claims:
        return "request and request_uri do not belong in it"
    audience = claims.get("aud", issuer)
    if issuer not in (audience if isinstance(audience, list) else [audience]):
        return "aud must be the issuer"
    return _time_problem(claims, now, skew, bounded=client.rules.signed_requests)


def _time_problem(claims: Mapping[str, Any], now: Instant, skew: int, *, bounded: bool) -> str | None:
    times = {name: _milliseconds(claims[name]) for name in ("exp", "nbf", "iat") if name in claims}
    if None in times.values():
        return "exp, nbf and iat must be numbers"
    expires, begins = times.get("exp"), times.get("nbf")
    if expires is not None and expires <= now - skew:
        return "it has expired"
    if any(time is not None and time > now + skew for time in (begins, times.get("iat"))):
        return "it is not valid yet"
    if not bounded:
        return None
    if expires is None or begins is None:
        return "exp and nbf must be there"
    if expires - begins > LONGEST_LIFE or begins < now - LONGEST_LIFE - skew:
        return "it must live for at most 60 minutes, from nbf"
    return None


def parameters_of(claims: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The authorization request parameters among the claims, as text (RFC 9101 section 4)."""
    for name, value in claims.items():
        if name in ABOUT_THE_TOKEN:
            continue
        for item in value if isinstance(value, list) and name in ("resource", "audience") else (value,):
            yield name, _as_text(item)


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _milliseconds(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 2**40:
        return None
    return int(value * SECOND)
