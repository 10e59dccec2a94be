"""The key that a DPoP proof brings along: whether it made the signature, and its name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from idp.adapters.assertions import ReadAssertion
from idp.adapters.key_ring import JWK_TYPES, Jwk
from idp.domain.platform.keys import SigningAlgorithm

SHORTEST_RSA, LONGEST_RSA = 2048, 4096
MODULUS_LETTERS = range(342, 684)
"""Length of `n` for those sizes; looked at before joserfc, which warns of a weak key as if it were ours. An exponent
has 48 bits at most."""
KINDS = {
    SigningAlgorithm.ES256: ("EC", "P-256"),
    SigningAlgorithm.EDDSA: ("OKP", "Ed25519"),
    SigningAlgorithm.PS256: ("RSA", None),
}
"""`kty` and `crv` of each algorithm's keys."""
REMEMBERED = 1_000
"""Keys that are not parsed again: a client proves the same one many times."""


@dataclass(frozen=True, slots=True)
class ProofKey:
    """A public key, parsed; `jkt` is its RFC 7638 thumbprint."""

    key: Jwk
    jkt: str


def verified_key(proof: ReadAssertion, jwk: Mapping[str, Any]) -> ProofKey | None:
    """The key of this proof if it fits the algorithm and made the signature (RFC 9449 section 4.3, check 6)."""
    alg = SigningAlgorithm(proof.header["alg"])
    known = _parsed(alg, json.dumps(jwk, sort_keys=True))
    if known is None or not JWSRegistry.algorithms[alg].verify(proof.message, proof.signature, known.key):
        return None
    return known


@lru_cache(REMEMBERED)
def _parsed(alg: SigningAlgorithm, jwk: str) -> ProofKey | None:
    try:
        # Only what names the key: `use`, `key_ops` and strangers decide nothing here.
        members = {name: value for name, value in json.loads(jwk).items() if name in ("kty", "crv", "x", "y", "n", "e")}
        if (members["kty"], members.get("crv")) != KINDS[alg]:  # joserfc does not mind an empty kty
            return None
        if alg is SigningAlgorithm.PS256 and (len(members["n"]) not in MODULUS_LETTERS or len(members["e"]) > 8):
            return None
        key = JWK_TYPES[alg].import_key(members)
        if not _is_strong(key.public_key):
            return None
        return ProofKey(key, key.thumbprint())
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _is_strong(key: object) -> bool:
    """On the algorithm's own curve (RFC 7518 section 3.4), or a modulus neither weak nor costly."""
    if isinstance(key, RSAPublicKey):
        return SHORTEST_RSA <= key.key_size <= LONGEST_RSA
    if isinstance(key, EllipticCurvePublicKey):
        return isinstance(key.curve, SECP256R1)
    return isinstance(key, Ed25519PublicKey)
