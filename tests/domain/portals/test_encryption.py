"""Which key of a client's set we encrypt to."""

from __future__ import annotations

from typing import Any

import pytest

from idp.domain.portals.encryption import KeyManagement, encryption_key

RSA = {"kty": "RSA", "n": "n" * 342, "e": "AQAB"}
EC = {"kty": "EC", "crv": "P-256", "x": "x", "y": "y"}
OAEP, ECDH = KeyManagement.RSA_OAEP_256, KeyManagement.ECDH_ES_A256KW


@pytest.mark.parametrize(
    ("key", "alg"),
    [
        (RSA, OAEP),
        ({**RSA, "use": "enc"}, OAEP),
        ({**RSA, "alg": "RSA-OAEP-256"}, OAEP),
        ({**RSA, "key_ops": ["wrapKey"]}, OAEP),
        (EC, ECDH),
        ({**EC, "crv": "P-521", "key_ops": []}, ECDH),
        ({"kty": "OKP", "crv": "X25519", "x": "x"}, ECDH),
    ],
)
def test_a_key_of_the_kind_serves(key: dict[str, Any], alg: KeyManagement) -> None:
    assert encryption_key({"keys": [key]}, alg) == key


@pytest.mark.parametrize(
    ("key", "alg"),
    [
        (RSA, ECDH),
        (EC, OAEP),
        ({**RSA, "use": "sig"}, OAEP),
        ({**RSA, "alg": "RS256"}, OAEP),
        ({**RSA, "alg": "RSA1_5"}, OAEP),
        ({**RSA, "n": "n" * 171}, OAEP),
        ({**RSA, "key_ops": ["verify"]}, OAEP),
        ({**EC, "crv": "secp256k1"}, ECDH),
        ({"kty": "OKP", "crv": "Ed25519", "x": "x"}, ECDH),
        ({"kty": "oct", "k": "k"}, OAEP),
    ],
)
def test_a_key_kept_for_something_else_does_not(key: dict[str, Any], alg: KeyManagement) -> None:
    """RFC 7517 sections 4.2 to 4.4, RFC 7518 section 4.3."""
    assert encryption_key({"keys": [key]}, alg) is None


def test_a_key_kept_for_encryption_and_with_a_name_comes_first() -> None:
    first, named, kept = {**EC, "x": "1"}, {**EC, "kid": "k"}, {**EC, "use": "enc"}
    assert encryption_key({"keys": [first, named, kept]}, ECDH) is kept
    assert encryption_key({"keys": [first, named]}, ECDH) is named


@pytest.mark.parametrize("jwks", [None, {}, {"keys": None}, {"keys": "x"}, {"keys": [None, "x", 3]}, {"keys": []}])
def test_what_is_no_set_has_no_key(jwks: Any) -> None:
    assert encryption_key(jwks, ECDH) is None
