"""Registering a client: what is answered, what is refused, and how often one network may try."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from idp.domain.platform.instants import Instant, to_seconds


@dataclass(frozen=True, slots=True)
class NotInvited:
    """The token is none of ours, is spent, or is another client's: nobody learns which."""


@dataclass(frozen=True, slots=True)
class ClientInformation:
    """What RFC 7591 section 3.2.1 answers. `secret` is empty but when it was made just now: we keep its digest."""

    client_id: str
    created_at: Instant
    registered: Mapping[str, Any]
    token: str = field(repr=False)
    secret: str = field(default="", repr=False)

    def body(self, issuer: str) -> dict[str, Any]:
        """As JSON. Secrets do not expire: 0."""
        fresh = {"client_secret": self.secret, "client_secret_expires_at": 0} if self.secret else {}
        return {
            "client_id": self.client_id,
            "client_id_issued_at": to_seconds(self.created_at),
            **fresh,
            "registration_access_token": self.token,
            "registration_client_uri": f"{issuer}/register/{self.client_id}",
            **self.registered,
        }
