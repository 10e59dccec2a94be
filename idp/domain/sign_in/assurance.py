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


class Channel(StrEnum):
    """Where the person proved who they are: what they could see of it."""

    TOP = "top"
    """On our own page, its address in sight."""
    FRAME = "frame"
    """In our form inside a partner's page."""
    FEDCM = "fedcm"
    """In the browser's own dialogue, by a session that they had."""


PASSWORD_AMR = ("pwd",)
"""Authentication method reference of a password (RFC 8176 section 2)."""


def acr_of_password(state: AccountState, ceiling: Acr = Acr.EIDAS1) -> Acr:
    """What a password alone proves, and `ceiling` at most where it was typed."""
    reached = Acr.EIDAS1 if state is AccountState.ACTIVE else Acr.EIDAS0
    return ceiling if reached.reaches(ceiling) else reached
