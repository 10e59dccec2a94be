"""How a password hash is written down, and how much work it stands for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoredHash:
    """`pepper_id$` and then the hash as bcrypt writes it: `$2b$COST$salt+digest`."""

    pepper_id: str
    modular: str
    """In the modular crypt format."""

    @property
    def cost(self) -> int:
        """The hash took 2^cost rounds."""
        return int(self.modular.split("$")[2])

    def __str__(self) -> str:
        return f"{self.pepper_id}${self.modular}"

    @classmethod
    def parse(cls, stored: str) -> StoredHash:
        """The hash that was written as `stored`."""
        pepper_id, _, modular = stored.partition("$")
        return cls(pepper_id, modular)


def cost_of(stored: str) -> int:
    """The cost of a stored hash."""
    return StoredHash.parse(stored).cost


def costs_to_reach(top: int, spent: int) -> Iterator[int]:
    """The costs of the hashes that make one hash at `spent` weigh as much as one at `top`.

    2^c + (2^c + 2^(c+1) + ... + 2^(top-1)) = 2^top: an account whose hash was not renewed yet is refused
    in the same time as one that was, and as nobody at all.
    """
    return iter(range(spent, top))
