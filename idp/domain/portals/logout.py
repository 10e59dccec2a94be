"""Signing out: what a portal's request may bring about, and what the other portals are told.

OpenID Connect RP-Initiated Logout 1.0 and Back-Channel Logout 1.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from idp.domain.platform.instants import HOUR, MINUTE, SECOND, Instant, after, to_seconds
from idp.domain.portals.clients import Client

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_TOKEN_TYPE = "logout+jwt"
LOGOUT_TOKEN_LIFE = 2 * MINUTE
RETRY_AFTER = (SECOND, 10 * SECOND, MINUTE, 10 * MINUTE, HOUR, 6 * HOUR)
"""Waits before each further attempt to tell a portal; after the last one only an operator has it told again."""


@dataclass(frozen=True, slots=True)
class LogoutHint:
    """What a verified id_token_hint says; its expiry is of no interest (RP-Initiated Logout section 2)."""

    client: Client
    subject: str
    sid: str


@dataclass(frozen=True, slots=True)
class LogoutPlan:
    """Whether the person must be asked first, and where the browser may go afterwards ("" = our own page)."""

    ask: bool
    redirect_to: str = ""


def plan_logout(hint: LogoutHint | None, *, post_logout_redirect_uri: str, hint_is_for_this_person: bool) -> LogoutPlan:
    """The plan for a portal's request to sign out.

    A hint of someone else would let one person's token end another person's session: it asks, like no hint.
    """
    if hint is None or not hint_is_for_this_person:
        return LogoutPlan(ask=True)
    registered = post_logout_redirect_uri in hint.client.post_logout_redirect_uris
    return LogoutPlan(ask=False, redirect_to=post_logout_redirect_uri if registered else "")


class LogoutOutcome(StrEnum):
    """What a portal answered to its logout token."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    """400: it has read the token, and will not or cannot end its session (Back-Channel Logout section 2.8)."""
    REFUSED = "refused"
    """Any other status: a redirect, a proxy's page, a server in trouble."""
    UNREACHABLE = "unreachable"
    LATE = "late"
    NOT_TOLD = "not_told"
    """The portal registered no back-channel address."""


class DeliveryStatus(StrEnum):
    """How far the telling of one portal has come."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class DeliveryStep:
    """Where an attempt leaves a delivery: its status, and when it is tried again (None: never by itself)."""

    status: DeliveryStatus
    next_at: Instant | None = None


def after_attempt(outcome: LogoutOutcome, attempts: int, now: Instant) -> DeliveryStep:
    """What follows from the outcome of the attempt with this number.

    200 and 204 are the end, and so is 400: the portal has read the token, and reading it again changes nothing.
    Whatever else came may pass, so it is tried again.
    """
    if outcome is LogoutOutcome.CONFIRMED:
        return DeliveryStep(DeliveryStatus.DELIVERED)
    if outcome is LogoutOutcome.REJECTED:
        return DeliveryStep(DeliveryStatus.REJECTED)
    if outcome is LogoutOutcome.NOT_TOLD or attempts > len(RETRY_AFTER):
        return DeliveryStep(DeliveryStatus.GIVEN_UP)
    return DeliveryStep(DeliveryStatus.WAITING, after(now, RETRY_AFTER[attempts - 1]))


@dataclass(frozen=True, slots=True)
class LogoutNotice:
    """One portal that must learn that a session ended. `id` is its delivery's."""

    id: str
    client: Client
    subject: str
    sid: str
    attempts: int = 0
    """How many were made before."""

    @property
    def client_id(self) -> str:
        """Whose it is."""
        return self.client.client_id


def logout_token_claims(notice: LogoutNotice, *, issuer: str, jti: str, now: Instant) -> Mapping[str, Any]:
    """The claims of a logout token (Back-Channel Logout section 2.4): never a nonce."""
    return {
        "iss": issuer,
        "aud": notice.client_id,
        "iat": to_seconds(now),
        "exp": to_seconds(after(now, LOGOUT_TOKEN_LIFE)),
        "jti": jti,
        "sub": notice.subject,
        "sid": notice.sid,
        "events": {LOGOUT_EVENT: {}},
    }
