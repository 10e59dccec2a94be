"""Who may exchange which token, and what comes of it (RFC 8693): never more than what was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from idp.domain.portals.clients import Client
from idp.domain.portals.confirmations import Confirmation

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
MOST_ACTORS = 4
"""The longest `act` chain (RFC 8693 section 4.1): after the fourth exchange nobody passes a token on."""
NOT_PASSED_ON = frozenset({"openid", "offline_access"})
"""An exchanged token is for an API: it identifies nobody to a client, and nothing outlives it."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A token that a client presents for exchange, once it is verified and read."""

    claims: Mapping[str, Any]
    client_id: str
    """To whom it was issued."""
    audience: str
    scopes: frozenset[str]
    expires_in: int
    """Milliseconds."""
    confirmation: Confirmation

    @property
    def act(self) -> Mapping[str, Any] | None:
        """Who acts already, the last one outermost."""
        found = self.claims.get("act")
        return found if isinstance(found, Mapping) else None


@dataclass(frozen=True, slots=True)
class AskedExchange:
    """What a client asks to exchange, and for what."""

    subject_token: str = field(repr=False)
    subject_token_type: str
    actor_token: str = field(default="", repr=False)
    scopes: frozenset[str] = frozenset()
    targets: tuple[str, ...] = ()
    """`resource` and `audience` (section 2.1); one at most."""


def may_exchange(client: Client, subject: Subject, *, audience_owner: str, shown: Confirmation) -> bool:
    """Along `may_exchange_for`, and only what was issued or is addressed to this client; its own only with its key."""
    if subject.client_id not in client.may_exchange_for:
        return False
    if subject.client_id == client.client_id:
        return subject.confirmation.is_met_by(shown)
    return audience_owner == client.client_id


def may_act(claims: Mapping[str, Any], actor: str, issuer: str) -> bool:
    """Whether the subject token lets this actor act, when it says who may (section 4.4)."""
    allowed = claims.get("may_act")
    if allowed is None:
        return True
    return isinstance(allowed, Mapping) and allowed.get("sub") == actor and allowed.get("iss", issuer) == issuer


def actors(act: Mapping[str, Any] | None) -> int:
    """How many act already."""
    count = 0
    while isinstance(act, Mapping) and count <= MOST_ACTORS:
        count, act = count + 1, act.get("act")
    return count


def acting(actor: str, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """The `act` claim: this actor, for whoever acted before (section 4.1)."""
    return {"sub": actor, **({"act": dict(before)} if before else {})}
