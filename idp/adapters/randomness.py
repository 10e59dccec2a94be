"""Unguessable values."""

from __future__ import annotations

import hashlib
import itertools
import os
from binascii import b2a_base64

URL_SAFE = bytes.maketrans(b"+/", b"-_")


class Randomness:
    """The operating system's generator."""

    def token(self, size: int = 32) -> str:
        """`size` random bytes as base64url text: 43 characters for 32 bytes, 22 for 16."""
        return b2a_base64(os.urandom(size), newline=False).translate(URL_SAFE, b"=").decode("ascii")


class QuietRandomness(Randomness):
    """The same sequence in every run; each value still differs from all others."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def token(self, size: int = 32) -> str:
        return hashlib.shake_256(b"%d" % next(self._numbers)).hexdigest(size)[: (size * 4 + 2) // 3]
