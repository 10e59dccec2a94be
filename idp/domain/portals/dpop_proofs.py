"""What a DPoP proof must say (RFC 9449 section 4.3)."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from idp.domain.platform.instants import SECOND, Instant
from idp.domain.platform.keys import SigningAlgorithm
from idp.domain.platform.lifetimes import Lifetimes

ALGORITHMS = (SigningAlgorithm.ES256, SigningAlgorithm.EDDSA, SigningAlgorithm.PS256)
"""Not RS256: FAPI 2.0 Security Profile section 5.4.1 leaves it out, and no DPoP client needs it."""
TYPE = "dpop+jwt"
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
ONE_PROOF = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
"""Two DPoP headers reach us joined by a comma, which this is not (checks 1 and 2)."""
LONGEST_JTI = 256
DEFAULT_PORTS = {"https": 443, "http": 80}
DATES = (("iat", None), ("nbf", 0), ("exp", 2**39))
"""Each date and what it is when it is left out."""
ADDRESS = re.compile(r"[!-~]+", re.ASCII)
"""What a URI is written with (RFC 3986 section 2); urlsplit would leave out spaces and line breaks."""
PATH_SIGNS = "/:@!$&'()*+,;=~-._%"


class ProofFault(StrEnum):
    """Why a proof is not taken (sections 5 and 8)."""

    INVALID = "invalid_dpop_proof"
    NONCE = "use_dpop_nonce"
    TOKEN = "invalid_token"
    """The proof may be right, but it is not the one that the token demands (section 7.1)."""


@dataclass(frozen=True, slots=True)
class Demanded:
    """What this request's proof must be about."""

    method: str
    addresses: Set[str]
    """Of the endpoint, normalised."""
    access_token: str = field(default="", repr=False)
    """Presented with it; empty: none is."""


@dataclass(frozen=True, slots=True)
class AcceptedProof:
    """A proof about this request, now; its signature was right, its `jti` still has to be spent."""

    jti: str
    nonce: str
    """As sent; whether it is one of ours is not known here."""
    expires_at: Instant
    """After this it is refused anyway."""


def proof_key(header: Mapping[str, Any]) -> dict[str, Any] | None:
    """The public key in the header of a proof: checks 4, 5 and 7."""
    jwk = header.get("jwk")
    if header.get("typ") != TYPE or header.get("alg") not in ALGORITHMS or not isinstance(jwk, dict):
        return None
    return None if PRIVATE_MEMBERS & jwk.keys() else jwk


def check_proof(
    claims: Mapping[str, Any], demanded: Demanded, now: Instant, lifetimes: Lifetimes
) -> AcceptedProof | None:
    """What to spend, or None: checks 3, 8, 9, 11 and the first half of 12."""
    jti, nonce, address = claims.get("jti"), claims.get("nonce", ""), claims.get("htu")
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI or not isinstance(nonce, str):
        return None
    if claims.get("htm") != demanded.method or not isinstance(address, str):
        return None
    if normalised(address) not in demanded.addresses or not _is_of(claims.get("ath"), demanded.access_token):
        return None
    return AcceptedProof(jti, nonce, _end(now, lifetimes)) if _is_fresh(claims, now, lifetimes) else None


def _end(now: Instant, lifetimes: Lifetimes) -> Instant:
    """Its `iat` is at most this window ahead of us, and it is taken for the same window after that."""
    return Instant(now + 2 * lifetimes.dpop_proof + SECOND)


def _is_of(said: object, access_token: str) -> bool:
    return not access_token or said == access_token_hash(access_token)


def access_token_hash(access_token: str) -> str:
    """`ath` (section 4.2)."""
    return urlsafe_b64encode(sha256(access_token.encode()).digest()).rstrip(b"=").decode()


def _is_fresh(claims: Mapping[str, Any], now: Instant, lifetimes: Lifetimes) -> bool:
    """Made within the window, on either side; `nbf` and `exp` count when they are there (RFC 7519 section 4.1)."""
    window = lifetimes.dpop_proof
    issued, begins, ends = (_instant(claims.get(name, other)) for name, other in DATES)
    if issued is None or begins is None or ends is None:
        return False
    return abs(issued - now) <= window and begins <= now + window and ends > now


def _instant(date: object) -> Instant | None:
    """A NumericDate; a bool is no number here, whatever Python says."""
    if isinstance(date, bool) or not isinstance(date, int | float) or not abs(date) < 2**40:
        return None
    return Instant(int(date * SECOND))


def normalised(address: str) -> str:
    """Without query and fragment, as RFC 3986 sections 6.2.2 and 6.2.3 write it (section 4.3); empty: no address."""
    if not ADDRESS.fullmatch(address):
        return ""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return ""
    if not parts.hostname or parts.username is not None or parts.scheme not in DEFAULT_PORTS:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    at = "" if port in (None, DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{at}{quote(unquote(parts.path), safe=PATH_SIGNS) or '/'}"
