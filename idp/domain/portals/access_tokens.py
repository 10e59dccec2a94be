"""An access token as it comes back to us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idp.domain.platform.instants import SECOND, Instant
from idp.domain.portals.confirmations import Confirmation, read_confirmation


@dataclass(frozen=True, slots=True)
class AccessToken:
    """The claims of an access token that we signed and whose time has not come; whether it still holds is another
    question, which its grant answers."""

    claims: Mapping[str, Any]

    @property
    def client_id(self) -> str:
        return str(self.claims["client_id"])

    @property
    def audience(self) -> str:
        return str(self.claims["aud"])

    @property
    def scopes(self) -> frozenset[str]:
        return frozenset(str(self.claims["scope"]).split())

    @property
    def jti(self) -> str:
        return str(self.claims["jti"])

    @property
    def grant_id(self) -> str:
        """Empty: a client has it in its own name."""
        return str(self.claims.get("gid", ""))

    @property
    def is_exchanged(self) -> bool:
        """A client has it for what another client was given (RFC 8693): that one's grant decides, and its own end."""
        return "act" in self.claims

    @property
    def confirmation(self) -> Confirmation:
        """What whoever presents it must show."""
        return read_confirmation(self.claims)

    @property
    def issued_at(self) -> Instant:
        return Instant(int(self.claims["iat"]) * SECOND)

    @property
    def expires_at(self) -> Instant:
        return Instant(int(self.claims["exp"]) * SECOND)


NEEDED = ("iss", "sub", "aud", "client_id", "scope", "iat", "exp", "jti")


def read_access_token(claims: Mapping[str, Any] | None, issuer: str, now: Instant) -> AccessToken | None:
    """The token of these verified claims, or None: not ours, not whole, or its time is over."""
    if claims is None or any(name not in claims for name in NEEDED) or claims["iss"] != issuer:
        return None
    token = AccessToken(claims)
    return token if token.expires_at > now else None
