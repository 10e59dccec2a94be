"""A client that decrypts: RFC 7516 and RFC 7518 on `cryptography` alone, sharing no code with idp/ nor with joserfc."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVES: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | x25519.X25519PrivateKey


def text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def bytes_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number_of(value: int) -> str:
    return text_of(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def new_key(kind: str) -> PrivateKey:
    if kind == "RSA":
        return rsa.generate_private_key(65537, 2048)
    return x25519.X25519PrivateKey.generate() if kind == "X25519" else ec.generate_private_key(CURVES[kind])


def public_jwk(key: PrivateKey, **members: str) -> dict[str, Any]:
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        return {"kty": "RSA", "n": number_of(numbers.n), "e": number_of(numbers.e), **members}
    if isinstance(key, x25519.X25519PrivateKey):
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"kty": "OKP", "crv": "X25519", "x": text_of(raw), **members}
    point, width = key.public_key().public_numbers(), (key.curve.key_size + 7) // 8
    name = next(name for name, curve in CURVES.items() if curve.name == key.curve.name)
    x, y = (text_of(value.to_bytes(width, "big")) for value in (point.x, point.y))
    return {"kty": "EC", "crv": name, "x": x, "y": y, **members}


def decrypted(text: str, key: PrivateKey) -> tuple[dict[str, Any], str]:
    """Header and content. Raises what `cryptography` raises for whoever holds another key."""
    header, wrapped, iv, body, tag = text.split(".")
    said = json.loads(bytes_of(header))
    content_key = _unwrapped(said, bytes_of(wrapped), key)
    assert (said["enc"], len(content_key), len(bytes_of(iv)), len(bytes_of(tag))) == ("A256GCM", 32, 12, 16)
    plain = AESGCM(content_key).decrypt(bytes_of(iv), bytes_of(body) + bytes_of(tag), header.encode())
    return said, plain.decode()


def _unwrapped(header: dict[str, Any], wrapped: bytes, key: PrivateKey) -> bytes:
    if header["alg"] == "RSA-OAEP-256":
        assert isinstance(key, rsa.RSAPrivateKey)
        return key.decrypt(wrapped, OAEP)
    assert header["alg"] == "ECDH-ES+A256KW"
    return aes_key_unwrap(_concat_kdf(_shared(header["epk"], key), header["alg"]), wrapped)


def _shared(epk: dict[str, str], key: PrivateKey) -> bytes:
    if isinstance(key, x25519.X25519PrivateKey):
        return key.exchange(x25519.X25519PublicKey.from_public_bytes(bytes_of(epk["x"])))
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    x, y = (int.from_bytes(bytes_of(epk[name]), "big") for name in ("x", "y"))
    peer = ec.EllipticCurvePublicNumbers(x, y, CURVES[epk["crv"]]).public_key()
    return key.exchange(ec.ECDH(), peer)


def _concat_kdf(secret: bytes, alg: str) -> bytes:
    """RFC 7518 section 4.6.2, for 256 bits and neither apu nor apv."""
    names = len(alg).to_bytes(4, "big") + alg.encode() + bytes(4) + bytes(4)
    return hashlib.sha256((1).to_bytes(4, "big") + secret + names + (256).to_bytes(4, "big")).digest()
