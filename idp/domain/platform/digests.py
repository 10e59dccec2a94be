"""What is stored in place of a token: its SHA-256, from which nobody gets the token back."""

from __future__ import annotations

from hashlib import sha256


def frame_secret_hash(secret: str) -> bytes:
    """Of the secret that holds a transaction in a frame. No cookie has this digest: what it is of is longer than any
    that we read, so that a program cannot come with a frame's secret as its browser cookie."""
    return token_hash("the secret of a frame, and no cookie: " + token_hash(secret).hex())


def cookieless_hash(session_id: str) -> bytes:
    """In place of a cookie's, for a session that no browser keeps; it too is of more than we read of any cookie."""
    return token_hash("no cookie names this session, it was begun for one transaction alone: " + session_id)


def token_hash(token: str) -> bytes:
    """32 bytes. Enough for 256-bit random values; a password needs a slow hash instead."""
    return sha256(token.encode(errors="surrogatepass")).digest()  # JSON can spell what UTF-8 cannot: it is nobody's
