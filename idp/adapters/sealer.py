"""Encryption at rest: AES-256-GCM under a key of the environment, or under a token that only its bearer holds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from idp.domain.platform.errors import DomainError

NONCE = 12


class CannotOpen(DomainError):
    """Sealed under a key that is not among the given ones, for another name, or changed since."""

    code = "cannot_open"


@dataclass(frozen=True, slots=True)
class SealingKey:
    """One version of IDP_KEY_ENCRYPTION_KEY."""

    id: str
    value: bytes = field(repr=False)


class Sealer:
    """Seals under the first key, opens under all; a sealed value belongs to its name and opens for no other."""

    def __init__(self, keys: Sequence[SealingKey]) -> None:
        self._current = keys[0].id
        self._ciphers = {key.id: AESGCM(_derive(key.value, b"mire sealed value")) for key in keys}

    @property
    def current(self) -> str:
        """The identifier of the key that seals now."""
        return self._current

    def seal(self, name: str, plain: bytes) -> tuple[bytes, str]:
        """The sealed bytes, and the identifier of the key to keep beside them."""
        nonce = os.urandom(NONCE)
        return nonce + self._ciphers[self._current].encrypt(nonce, plain, name.encode()), self._current

    def open(self, name: str, sealed: bytes, key_id: str) -> bytes:
        """What was sealed.

        Raises:
            CannotOpen: the key is not known, or it was not sealed under this name.
        """
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise CannotOpen(name=name, key_id=key_id)
        try:
            return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], name.encode())
        except (InvalidTag, ValueError):
            raise CannotOpen(name=name, key_id=key_id) from None


class QuietSealer(Sealer):
    """Seals under a fixed key."""

    def __init__(self) -> None:
        super().__init__([SealingKey("quiet", b"\x01" * 32)])


def encrypt_under(token: str, plain: bytes) -> bytes:
    """Encrypt so that only who presents `token` again can read it: we keep its hash alone."""
    nonce = os.urandom(NONCE)
    return nonce + _cipher_of(token).encrypt(nonce, plain, None)


def decrypt_under(token: str, sealed: bytes) -> bytes | None:
    """What was encrypted under this token, or None under any other."""
    try:
        return _cipher_of(token).decrypt(sealed[:NONCE], sealed[NONCE:], None)
    except (InvalidTag, ValueError):
        return None


def _cipher_of(token: str) -> AESGCM:
    return AESGCM(_derive(token.encode(), b"mire response under token"))


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=purpose).derive(secret)
