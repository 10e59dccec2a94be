"""How sure we are of who someone is: the `acr` that a sign-in reaches."""

from __future__ import annotations

from enum import StrEnum

from idp.domain.people.accounts import AccountState


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


def acr_of_password(state: AccountState) -> Acr:
    """What a password alone proves."""
    return Acr.EIDAS1 if state is AccountState.ACTIVE else Acr.EIDAS0
