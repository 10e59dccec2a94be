"""What a person gave a client, and how long it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from idp.domain.people.accounts import AccountState
from idp.domain.platform.instants import Instant
from idp.domain.platform.lifetimes import Lifetimes
from idp.domain.portals.authorization_details import Details
from idp.domain.portals.claims import IdentityFacts
from idp.domain.portals.confirmations import Confirmation


class TokenRefusal(StrEnum):
    """Why /token gives nothing, in the words of RFC 6749 section 5.2 and RFC 8707 section 2."""

    INVALID_REQUEST = "invalid_request"
    """RFC 8693 section 2.2.2: a token that may not be exchanged."""
    INVALID_GRANT = "invalid_grant"
    INVALID_SCOPE = "invalid_scope"
    INVALID_TARGET = "invalid_target"
    INVALID_DETAILS = "invalid_authorization_details"
    """RFC 9396 section 6.1: more than was granted."""
    NO_KEY = "invalid_client"
    """The client's ID tokens are to be encrypted, and none of its keys serves."""


@dataclass(frozen=True, slots=True)
class HeldSession:
    """The browser session behind a grant."""

    created_at: Instant
    last_seen_at: Instant
    ended_at: Instant | None
    expires_at: Instant


@dataclass(frozen=True, slots=True)
class Grant:
    """An authorization with everything that decides whether it holds, and everything it may tell: one join."""

    id: str
    client_id: str
    sid: str
    scopes: frozenset[str]
    redirect_uri: str
    resources: tuple[str, ...]
    """What the authorization request named (RFC 8707); empty: nothing."""
    nonce: str
    code_challenge: str
    dpop_jkt: str
    """The one DPoP key that may redeem the code (RFC 9449 section 10); empty: any, or none."""
    claims_request: Mapping[str, Any] | None
    details: Details
    """authorization_details that the person agreed to (RFC 9396)."""
    offline: bool
    """Survives the session: `offline_access` was granted."""
    acr: str
    amr: tuple[str, ...]
    channel: str
    """Where the person proved who they are (domain/sign_in/assurance.py: Channel)."""
    auth_time: Instant
    issued_at: Instant
    code_expires_at: Instant
    redeemed_at: Instant | None
    revoked_at: Instant | None
    session: HeldSession | None
    client_valid_from: Instant | None
    """What was given to this client before is dead."""
    account_valid_from: Instant
    account_state: str
    person: IdentityFacts

    def holds(self, now: Instant) -> bool:
        """Whether what it gave is still good: neither person, session, operator nor replay has ended it."""
        return (
            self.revoked_at is None
            and self.issued_at >= self.account_valid_from
            and self.account_state in (AccountState.ACTIVE, AccountState.CANDIDATE)
            and (self.client_valid_from is None or self.issued_at >= self.client_valid_from)
            and (self.offline or self._session_holds(now))
        )

    def _session_holds(self, now: Instant) -> bool:
        session = self.session
        return (
            session is not None
            and session.ended_at is None
            and session.expires_at > now
            and session.created_at >= self.account_valid_from
        )


@dataclass(frozen=True, slots=True)
class RefreshFamily:
    """All the refresh tokens that came from one code, one after the other; only the newest generation is good."""

    id: str
    client_id: str
    generation: int
    token_hash: bytes
    rotated_at: Instant
    previous_response: bytes | None
    """What the rotation answered, encrypted under the token that it replaced."""
    last_used_at: Instant
    revoked_at: Instant | None
    expires_at: Instant
    jkt: str = ""
    x5t_s256: str = ""

    @property
    def confirmation(self) -> Confirmation:
        """What whoever refreshes must show."""
        return Confirmation(self.jkt, self.x5t_s256)

    def holds(self, grant: Grant, now: Instant, lifetimes: Lifetimes) -> bool:
        """Whether its newest token is good: with the session, idle since last seen or refreshed; or on its own."""
        return (
            self.revoked_at is None
            and self.expires_at > now
            and grant.holds(now)
            and (grant.offline or not self._is_idle(grant, now, lifetimes))
        )

    def _is_idle(self, grant: Grant, now: Instant, lifetimes: Lifetimes) -> bool:
        seen = grant.session.last_seen_at if grant.session else 0
        return max(seen, self.last_used_at) <= now - lifetimes.session_idle


def family_expires_at(grant: Grant, now: Instant, lifetimes: Lifetimes) -> Instant:
    """Absolute end of the refresh tokens of this grant."""
    if grant.offline or grant.session is None:
        return Instant(now + lifetimes.refresh_offline)
    return grant.session.expires_at
