"""What a protected resource asks of the sign-in behind a token (RFC 9470): a level, and how long ago at most.

Owns the comparison and the words of the challenge. Does not own the sign-in that meets it (domain/sign_in/journey.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from idp.domain.platform.instants import SECOND, Instant
from idp.domain.sign_in.assurance import Acr

NEVER = ("",)
"""No sign-in reaches it."""


@dataclass(frozen=True, slots=True)
class RequiredSignIn:
    """One resource's demand; empty: any sign-in will do."""

    acr: Acr | None = None
    max_age: int | None = None
    """Seconds since the person proved who they are."""

    @property
    def acr_values(self) -> tuple[Acr, ...]:
        """The levels that will do, the least demanding first; empty: any."""
        return tuple(level for level in Acr if level.reaches(self.acr)) if self.acr else ()

    @property
    def challenge(self) -> str:
        """Parameters of the WWW-Authenticate header (section 3)."""
        said = f', acr_values="{" ".join(self.acr_values)}"' if self.acr else ""
        return said if self.max_age is None else f'{said}, max_age="{self.max_age}"'

    def is_met_by(self, acr: str, auth_time: Instant, now: Instant) -> bool:
        """Whether a sign-in at this level, then, will do now."""
        recent = self.max_age is None or now - auth_time < self.max_age * SECOND
        return recent and (not self.acr or acr in self.acr_values)


ANY_SIGN_IN = RequiredSignIn()


def strictest_age(ages: Iterable[int | None]) -> int | None:
    """The `max_age` that satisfies all of these."""
    return min((age for age in ages if age is not None), default=None)


def levels_for(essential: Collection[str], required: Iterable[RequiredSignIn]) -> tuple[str, ...]:
    """The levels of which one satisfies the request and every resource; empty: any will do."""
    levels = [demand.acr_values for demand in required if demand.acr]
    wanted = [*levels, essential] if essential else levels
    if not levels:
        return tuple(essential)
    return tuple(level for level in wanted[0] if all(level in others for others in wanted)) or NEVER
