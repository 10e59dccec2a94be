"""The form of a refresh token: which family, which generation, and a secret."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

FORM = re.compile(r"([A-Za-z0-9_-]{22})\.([1-9][0-9]{0,8})\.([A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """`family.generation.secret`. The family is never shown elsewhere, so an old generation proves an old token."""

    family_id: str
    generation: int
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """As the client holds it."""
        return f"{self.family_id}.{self.generation}.{self.secret}"


def read_refresh_token(text: str) -> RefreshToken | None:
    """The token, or None when this is not the form of one."""
    match = FORM.fullmatch(text)
    return RefreshToken(match[1], int(match[2]), match[3]) if match else None
