"""Signing keys in memory, parsed once, and the making of new ones.

Owns nothing that lasts: rows come in, a KeyRing comes out. A change of the table makes a new ring, which the signer
swaps whole.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from cryptography.hazmat.primitives.serialization import load_der_private_key
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from idp.domain.platform.instants import Instant
from idp.domain.platform.keys import KeyState, SigningAlgorithm, SigningKey, of_state

Jwk = ECKey | OKPKey | RSAKey
JWK_TYPES: Mapping[SigningAlgorithm, type[Jwk]] = {
    SigningAlgorithm.RS256: RSAKey,
    SigningAlgorithm.PS256: RSAKey,
    SigningAlgorithm.ES256: ECKey,
    SigningAlgorithm.EDDSA: OKPKey,
}
NEVER = Instant(2**63 - 1)


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key pair: its RFC 7638 thumbprint, the public JWK for the JWKS, and PKCS #8 DER to be sealed."""

    kid: str
    public_jwk: Mapping[str, Any]
    private: bytes = field(repr=False)


def make_key(alg: SigningAlgorithm) -> MadeKey:
    """A new key for one algorithm, and for that one only: RS256 and PS256 never share a key."""
    if alg in (SigningAlgorithm.RS256, SigningAlgorithm.PS256):
        jwk: Jwk = RSAKey.generate_key(2048)
    elif alg is SigningAlgorithm.ES256:
        jwk = ECKey.generate_key("P-256")
    else:
        jwk = OKPKey.generate_key("Ed25519")
    kid = jwk.thumbprint()
    public = {**jwk.as_dict(private=False), "kid": kid, "use": "sig", "alg": str(alg)}
    return MadeKey(kid, public, jwk.as_der(private=True))


class Algorithm(Protocol):
    """What joserfc does for one JWS algorithm."""

    def sign(self, msg: bytes, key: Any) -> bytes:
        """The signature."""

    def verify(self, msg: bytes, sig: bytes, key: Any) -> bool:
        """Whether the signature is the key's."""


@dataclass(frozen=True, slots=True)
class RingKey:
    """One key ready for use; `private` is None once it may no longer sign."""

    key: SigningKey
    public_jwk: Mapping[str, Any]
    model: Algorithm
    public: Jwk
    private: Jwk | None


def parse_key(key: SigningKey, public_jwk: Mapping[str, Any], private: bytes | None) -> RingKey:
    """The key as the signer uses it.

    The private part comes out of an authenticated encryption, so its primes are not tested again: that would cost
    35 ms for each RSA key at every start.
    """
    kind = JWK_TYPES[key.alg]
    material = {name: value for name, value in public_jwk.items() if name not in ("use", "alg")}
    signing = None
    if private is not None:
        signing = kind.import_key(load_der_private_key(private, None, unsafe_skip_rsa_key_validation=True))  # type: ignore[arg-type]
    return RingKey(key, public_jwk, JWSRegistry.algorithms[key.alg], kind.import_key(material), signing)


class KeyRing:
    """Every key of one version of the table. Immutable but for the cached JWKS."""

    def __init__(self, version: int, keys: Sequence[RingKey]) -> None:
        self.version = version
        self._keys = tuple(keys)
        self._by_kid = {item.key.kid: item for item in keys}
        facts = [item.key for item in keys]
        self._active = {
            alg: self._by_kid[active.kid]
            for alg in SigningAlgorithm
            if (active := of_state(facts, alg, KeyState.ACTIVE)) is not None
        }
        self._jwks = b""
        self._jwks_until = Instant(0)

    def active(self, alg: SigningAlgorithm) -> RingKey | None:
        """The key that signs for this algorithm now."""
        return self._active.get(alg)

    def find(self, kid: str) -> RingKey | None:
        """The key of that identifier."""
        return self._by_kid.get(kid)

    def jwks(self, now: Instant) -> bytes:
        """The JWK Set (RFC 7517 section 5) of the published keys; rendered again only when a key leaves it."""
        if now >= self._jwks_until:
            shown = [item for item in self._keys if item.key.is_published(now)]
            self._jwks = json.dumps({"keys": [item.public_jwk for item in shown]}, separators=(",", ":")).encode()
            self._jwks_until = min((item.key.published_until or NEVER for item in shown), default=NEVER)
        return self._jwks
