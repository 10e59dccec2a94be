"""What we encrypt to a client: the algorithms, and which key of its JWK Set serves.

Owns the choice of the key (RFC 7517 section 4, OpenID Connect Core section 10.2). Does not own the encryption
(adapters/encrypter.py), nor the fetching of the keys (usecases/portals/client_keys.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

ENCRYPTED = ("id_token", "userinfo", "authorization", "introspection")
"""What may be encrypted: the client registers `KIND_encrypted_response_alg`."""
SHORTEST_MODULUS = 342
"""base64url characters of 2048 bits (RFC 7518 section 4.3)."""
CURVES = {"EC": ("P-256", "P-384", "P-521"), "OKP": ("X25519",)}
WRAPPING = ("encrypt", "wrapKey")
AGREEING = ("deriveKey", "deriveBits")


class KeyManagement(StrEnum):
    """JWE algorithms by which the content key reaches the client (RFC 7518 section 4)."""

    RSA_OAEP_256 = "RSA-OAEP-256"
    ECDH_ES_A256KW = "ECDH-ES+A256KW"


class ContentEncryption(StrEnum):
    """JWE algorithms of the content itself (RFC 7518 section 5)."""

    A256GCM = "A256GCM"


def encryption_key(jwks: Mapping[str, Any] | None, alg: KeyManagement) -> Mapping[str, Any] | None:
    """The key of a client's set that `alg` encrypts to: one kept for encryption before one that says nothing, one with
    a kid before one without, then the first."""
    keys = (jwks or {}).get("keys")
    fitting = [key for key in keys if isinstance(key, dict) and _fits(key, alg)] if isinstance(keys, list) else []
    return min(fitting, key=lambda key: (key.get("use") != "enc", "kid" not in key), default=None)


def _fits(key: Mapping[str, Any], alg: KeyManagement) -> bool:
    """Of the algorithm's kind, and not kept for something else by its `use`, `alg` or `key_ops`."""
    if key.get("use", "enc") != "enc" or key.get("alg", alg) != alg:
        return False
    if alg is KeyManagement.RSA_OAEP_256:
        return key.get("kty") == "RSA" and len(str(key.get("n", ""))) >= SHORTEST_MODULUS and _may(key, WRAPPING)
    return key.get("crv") in CURVES.get(str(key.get("kty")), ()) and _may(key, AGREEING)


def _may(key: Mapping[str, Any], operations: tuple[str, ...]) -> bool:
    """RFC 7517 section 4.3. Public keys of a key agreement have no operation, so an empty list holds nothing back."""
    said = key.get("key_ops")
    return not isinstance(said, list) or not said or any(item in said for item in operations)
