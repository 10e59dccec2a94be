"""What is stored in place of a token: its SHA-256, from which nobody gets the token back."""

from __future__ import annotations

from hashlib import sha256


def token_hash(token: str) -> bytes:
    """32 bytes. Enough for 256-bit random values; a password needs a slow hash instead."""
    return sha256(token.encode()).digest()
