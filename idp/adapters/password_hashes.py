"""Bcrypt over a keyed prehash, and verification whose refusals all weigh the same.

Owns the prehash, the peppers and the extra work of a refusal. Does not own threads (hash_threads.py) nor the
queue (hasher.py). Called by hasher.py only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import bcrypt

from idp.domain.people.password_hashes import StoredHash, costs_to_reach


@dataclass(frozen=True, slots=True)
class Pepper:
    """One version of the server's pepper; `id` is written beside each hash it keyed."""

    id: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer for one password. `renewed_hash` only when accepted and the cost or the pepper has changed since."""

    accepted: bool
    renewed_hash: str | None = None


class Bcrypt:
    """The hash itself; releases the interpreter while it works."""

    def make(self, prehash: bytes, cost: int) -> str:
        """A new hash at `cost`, in the modular crypt format."""
        return bcrypt.hashpw(prehash, bcrypt.gensalt(cost)).decode("ascii")

    def matches(self, prehash: bytes, modular: str) -> bool:
        """Whether `modular` was made of `prehash`, compared in constant time."""
        return bcrypt.checkpw(prehash, modular.encode("ascii"))


class QuietBcrypt(Bcrypt):
    """Costs nothing and remembers each hash it was asked for, by its cost."""

    def __init__(self) -> None:
        self.costs: list[int] = []

    def make(self, prehash: bytes, cost: int) -> str:
        self.costs.append(cost)
        return f"$2q${cost:02d}${hashlib.sha256(prehash).hexdigest()}"

    def matches(self, prehash: bytes, modular: str) -> bool:
        if modular.startswith("$2b$"):
            self.costs.append(int(modular.split("$")[2]))
            return super().matches(prehash, modular)
        return hmac.compare_digest(self.make(prehash, int(modular.split("$")[2])), modular)


def prehash(password: str, pepper: bytes) -> bytes:
    """44 ASCII bytes that bcrypt takes whole, whatever the length: it stops (and since 5.0 raises) after 72 bytes.

    NFC and nothing else is done to the password, so that it is the same from every keyboard. Base64, because
    bcrypt ends at a NUL byte.
    """
    text = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    return base64.b64encode(hmac.digest(pepper, text, "sha256"))


class PasswordHashes:
    """Making and checking hashes. `peppers[0]` writes, all read."""

    def __init__(self, peppers: Sequence[Pepper], cost: int, bcrypt: Bcrypt) -> None:
        self.cost = cost
        self._bcrypt = bcrypt
        self._pepper = peppers[0]
        self._values = {pepper.id: pepper.value for pepper in peppers}

    @property
    def pepper_ids(self) -> tuple[str, ...]:
        """Every pepper that can be read, the one that writes first."""
        return tuple(self._values)

    def make(self, password: str) -> str:
        """A hash of `password` under the newest pepper, at the cost of the settings."""
        modular = self._bcrypt.make(prehash(password, self._pepper.value), self.cost)
        return str(StoredHash(self._pepper.id, modular))

    def verify(
        self, password: str, stored: str | None, *, highest_cost: int = 0, admissible: bool = True
    ) -> Verification:
        """Whether `stored` was made of `password`. Every refusal costs what one hash at the highest cost in use costs.

        Args:
            stored: None (unknown triplet, no password, malformed name) is refused after the work of a decoy.
            highest_cost: of all stored hashes.
            admissible: False when the account would be refused whatever the password (its state, its spelling):
                its refusal is no quicker than another's, and its hash is not renewed.
        """
        top = max(self.cost, highest_cost)
        hash_ = StoredHash.parse(stored) if stored else None
        pepper = self._values.get(hash_.pepper_id) if hash_ else None
        if hash_ is None or pepper is None:
            self._bcrypt.make(prehash(password, self._pepper.value), top)
            return Verification(False)
        if self._bcrypt.matches(prehash(password, pepper), hash_.modular) and admissible:
            return Verification(True, self._renewed(password, hash_))
        self._reach(top, hash_.cost, password)
        return Verification(False)

    def _reach(self, top: int, spent: int, password: str) -> None:
        for cost in costs_to_reach(top, spent):
            self._bcrypt.make(prehash(password, self._pepper.value), cost)

    def _renewed(self, password: str, hash_: StoredHash) -> str | None:
        is_current = hash_.cost == self.cost and hash_.pepper_id == self._pepper.id
        return None if is_current else self.make(password)
