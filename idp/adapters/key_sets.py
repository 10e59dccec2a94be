"""JWK Sets as other hosts publish them: read with bounds, and kept in this process's memory."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from idp.domain.portals.key_sets import LONGEST_SET, MOST_KEYS, HeldKeys

MOST_ADDRESSES = 1_000
MODULUS = range(342, 1367)
"""base64url characters of 2048 to 8192 bits: a larger one costs us more to verify with than its owner to publish."""
LONGEST_EXPONENT = 8
"""base64url characters: 48 bits; 65537 has four."""
UNREADABLE = (JoseError, ValueError, KeyError, TypeError, AttributeError, OverflowError)


def read_key_set(body: bytes) -> Mapping[str, Any] | None:
    """The public keys of a JWK Set; keys of kinds that we do not know are left out (RFC 7517 section 5).

    None when it is no JWK Set, is too large, or holds a private or symmetric key: whoever published that has no secret
    left, so nothing in it proves anything.
    """
    try:
        read = json.loads(body) if len(body) <= LONGEST_SET else None
    except (ValueError, RecursionError):
        return None
    keys = read.get("keys") if isinstance(read, dict) else None
    if not isinstance(keys, list) or len(keys) > MOST_KEYS or not all(isinstance(key, dict) for key in keys):
        return None
    if any(key.get("kty") == "oct" or "d" in key or "k" in key for key in keys):
        return None
    return {"keys": [key for key in keys if _is_usable(key)]}


def _is_usable(jwk: dict[str, Any]) -> bool:
    if not isinstance(jwk.get("kid", ""), str):
        return False
    if jwk.get("kty") == "RSA":
        too_long = len(str(jwk.get("e", ""))) > LONGEST_EXPONENT
        if too_long or len(str(jwk.get("n", ""))) not in MODULUS:
            return False
    try:
        key = KeySet.import_key_set({"keys": [jwk]}).keys[0]
        return isinstance(key, RSAKey | ECKey | OKPKey) and key.raw_value is not None
    except UNREADABLE:
        return False


class KeyShelf:
    """What this process knows of each address; the one not asked for the longest makes room."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: OrderedDict[str, tuple[HeldKeys, Lock]] = OrderedDict()

    def held(self, address: str) -> tuple[HeldKeys, Lock]:
        """What is known, and the lock of whoever asks for more."""
        with self._lock:
            entry = self._held.setdefault(address, (HeldKeys(), Lock()))
            self._held.move_to_end(address)
            if len(self._held) > MOST_ADDRESSES:
                self._held.popitem(last=False)
            return entry

    def change(self, address: str, change: Callable[[HeldKeys], HeldKeys]) -> HeldKeys:
        """Put what is known now."""
        with self._lock:
            known, lock = self._held.get(address, (HeldKeys(), Lock()))
            changed = change(known)
            self._held[address] = (changed, lock)
            return changed
