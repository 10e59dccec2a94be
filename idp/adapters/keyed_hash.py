"""HMAC-SHA-256 under the server's secret: throttle keys, `sid`, form tokens."""

from __future__ import annotations

import hmac
from collections.abc import Sequence


class KeyedHash:
    """Values that only this server can make. `keys` are the versions of the secret; the first writes, all read."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = [hmac.new(key, digestmod="sha256") for key in keys]

    def of(self, purpose: str, *parts: str) -> bytes:
        """32 bytes for these parts, unrelated to those of any other purpose."""
        return self._under(self._keys[0], purpose, parts)

    def matches(self, value: bytes, purpose: str, *parts: str) -> bool:
        """Whether `value` was made for these parts under any version of the secret."""
        return any(hmac.compare_digest(value, self._under(key, purpose, parts)) for key in self._keys)

    @staticmethod
    def _under(key: hmac.HMAC, purpose: str, parts: Sequence[str]) -> bytes:
        # Lengths are part of the message: ("ab", "c") and ("a", "bc") must differ.
        items = [text.encode() for text in (purpose, *parts)]
        made = key.copy()  # a third cheaper than beginning with the key
        made.update(b"".join([len(item).to_bytes(4) + item for item in items]))
        return made.digest()
