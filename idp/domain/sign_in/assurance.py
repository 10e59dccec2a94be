"""How sure we are of who someone is: the `acr` that a sign-in reaches."""

from __future__ import annotations

from enum import StrEnum


class Acr(StrEnum):
    """Levels of assurance, lowest first (OpenID Connect Core section 2, `acr`)."""

    EIDAS0 = "eidas0"
    """The right password of an account that nobody has activated yet."""
    EIDAS1 = "eidas1"
    """One factor of an active account."""

    def reaches(self, wanted: Acr) -> bool:
        """Whether this level is `wanted` or above it."""
        levels = list(Acr)
        return levels.index(self) >= levels.index(wanted)


PASSWORD_AMR = ("pwd",)
"""Authentication method reference of a password (RFC 8176 section 2)."""
