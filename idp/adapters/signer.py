"""Signing what we say and recognising it when it comes back (RFC 7515, compact form)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from idp.adapters.clock import Clock
from idp.adapters.key_ring import KeyRing, RingKey, make_key, parse_key
from idp.domain.platform.errors import DomainError
from idp.domain.platform.instants import Instant
from idp.domain.platform.keys import KeyState, SigningAlgorithm, SigningKey

LONGEST = 16_384
"""Characters of the longest token that is looked at."""
REMEMBERED = 1_000
"""Verified tokens whose signature is not computed again: resources ask about the same token many times."""


class NoSigningKey(DomainError):
    """No key is active for this algorithm: the key table could not be read yet, or is empty."""

    code = "no_signing_key"


@dataclass(frozen=True, slots=True)
class Verified:
    """A token whose signature was found right, under that very key of the ring."""

    header: Mapping[str, Any]
    item: RingKey
    claims: Mapping[str, Any]


class Signer:
    """Signs with the active key of an algorithm; verifies with any key that is not compromised and not forgotten."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ring = KeyRing(0, ())
        self._headers: dict[tuple[str, str], bytes] = {}
        self._verified: dict[str, Verified] = {}

    @property
    def ring(self) -> KeyRing:
        """The keys in use."""
        return self._ring

    def swap(self, ring: KeyRing) -> None:
        """Use these keys from now on; a signature under way ends with the old ones."""
        self._headers = {}
        self._verified = {}
        self._ring = ring

    def sign(self, claims: Mapping[str, Any], *, alg: SigningAlgorithm, typ: str) -> str:
        """A compact JWS of these claims under the active key of `alg`.

        Raises:
            NoSigningKey: there is none.
        """
        item = self._ring.active(alg)
        if item is None or item.private is None:
            raise NoSigningKey(alg=alg)
        message = self._header(item.key, typ) + b"." + _encode(json.dumps(claims, separators=(",", ":")).encode())
        return (message + b"." + _encode(item.model.sign(message, item.private))).decode()

    def verify(self, token: str, *, typ: str | None = None) -> dict[str, Any] | None:
        """The claims of a token that one of our keys signed, else None. Time is not looked at.

        The algorithm is the key's own, whatever the header says (RFC 8725 section 3.1); `typ` tells one kind of
        token from another (section 3.11).
        """
        known = self._verified.get(token)
        if known is None or self._ring.find(known.item.key.kid) is not known.item:
            known = self._verify(token)
        if known is None or not _is_bound(known.header, known.item, typ, self._clock.now()):
            return None
        return dict(known.claims)

    def _verify(self, token: str) -> Verified | None:
        """What a key of ours made: its signature is right, whatever its time and kind."""
        parts = token.encode().split(b".") if len(token) <= LONGEST else []
        if len(parts) != 3:
            return None
        header = _decode_object(parts[0])
        item = self._ring.find(str(header.get("kid"))) if header else None
        if header is None or item is None or header.get("alg") != item.key.alg:
            return None
        signature = _decode(parts[2])
        if signature is None or not item.model.verify(parts[0] + b"." + parts[1], signature, item.public):
            return None
        claims = _decode_object(parts[1])
        if claims is None:
            return None
        if len(self._verified) >= REMEMBERED:
            self._verified = {}
        known = self._verified[token] = Verified(header, item, claims)
        return known

    def jwks(self) -> bytes:
        """The JWK Set as it is published now."""
        return self._ring.jwks(self._clock.now())

    def _header(self, key: SigningKey, typ: str) -> bytes:
        known = self._headers.get((key.kid, typ))
        if known is None:
            known = _encode(json.dumps({"alg": key.alg, "kid": key.kid, "typ": typ}, separators=(",", ":")).encode())
            self._headers[key.kid, typ] = known
        return known


def _is_bound(header: Mapping[str, Any], item: RingKey, typ: str | None, now: Instant) -> bool:
    return (
        header.get("alg") == item.key.alg
        and "crit" not in header
        and (typ is None or header.get("typ") == typ)
        and item.key.is_trusted(now)
    )


def _encode(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")


def _decode(text: bytes) -> bytes | None:
    try:
        raw = urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except Base64Error:
        return None
    # One token, one spelling: Python ignores stray characters and spare bits, which would let a revoked text live on.
    return raw if _encode(raw) == text else None


def _decode_object(text: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(_decode(text) or b"")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


class QuietSigner(Signer):
    """Signs with keys made once for the whole test run; the same type, the same bytes on the wire."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.swap(quiet_ring())


@cache
def quiet_ring() -> KeyRing:
    """One active key for each algorithm."""
    keys = []
    for alg in SigningAlgorithm:
        made = make_key(alg)
        key = SigningKey(made.kid, alg, KeyState.ACTIVE, Instant(0), Instant(0))
        keys.append(parse_key(key, made.public_jwk, made.private))
    return KeyRing(1, keys)
