"""A change of what an account is found by: a marriage, a move of the establishment. The subject never changes."""

from __future__ import annotations

from dataclasses import dataclass

from idp.domain.people.siret import Siret
from idp.domain.platform.instants import Instant


@dataclass(frozen=True, slots=True)
class IdentityChange:
    """The new parts of the triplet, as typed; None keeps what is there."""

    siret: str | None = None
    family_name: str | None = None
    given_name: str | None = None


@dataclass(frozen=True, slots=True)
class FormerIdentity:
    """By what an account was found until then, and who changed it."""

    siret: Siret
    family_name: str
    given_name: str
    until: Instant
    changed_by: str
