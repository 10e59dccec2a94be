"""What a token is bound to: whoever presents it must hold the key too (RFC 7800 section 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DPOP = "DPoP"
BEARER = "Bearer"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The key that a request proved, or that a token demands; empty: none."""

    jkt: str = ""
    """RFC 7638 thumbprint of a DPoP key (RFC 9449 section 6.1)."""
    x5t_s256: str = ""
    """SHA-256 of a client certificate (RFC 8705 section 3.1)."""

    @property
    def claim(self) -> dict[str, Any]:
        """What the token says of it: nothing when it is bound to nothing."""
        said = {"jkt": self.jkt, "x5t#S256": self.x5t_s256}
        members = {name: value for name, value in said.items() if value}
        return {"cnf": members} if members else {}

    @property
    def token_type(self) -> str:
        """How the token is presented (RFC 9449 section 5); one bound to a certificate is still a Bearer token."""
        return DPOP if self.jkt else BEARER

    def is_met_by(self, shown: Confirmation) -> bool:
        """Whether everything demanded here was shown."""
        return self.jkt in ("", shown.jkt) and self.x5t_s256 in ("", shown.x5t_s256)


NO_CONFIRMATION = Confirmation()


def read_confirmation(claims: Mapping[str, Any]) -> Confirmation:
    """What a token that we signed is bound to."""
    cnf = claims.get("cnf")
    if cnf is None:
        return NO_CONFIRMATION
    return Confirmation(str(cnf.get("jkt", "")), str(cnf.get("x5t#S256", "")))
