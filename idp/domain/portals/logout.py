"""Signing out: what a portal's request may bring about, and what the other portals are told.

OpenID Connect RP-Initiated Logout 1.0 and Back-Channel Logout 1.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from idp.domain.platform.instants import MINUTE, Instant, after, to_seconds
from idp.domain.portals.clients import Client

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_TOKEN_TYPE = "logout+jwt"
LOGOUT_TOKEN_LIFE = 2 * MINUTE


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
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    LATE = "late"
    NOT_TOLD = "not_told"
    """The portal registered no back-channel address."""


@dataclass(frozen=True, slots=True)
class LogoutNotice:
    """One portal that must learn that a session ended. `id` is the logout token's jti."""

    id: str
    client: Client
    subject: str
    sid: str

    @property
    def client_id(self) -> str:
        """Whose it is."""
        return self.client.client_id


def logout_token_claims(notice: LogoutNotice, *, issuer: str, now: Instant) -> Mapping[str, Any]:
    """The claims of a logout token (Back-Channel Logout section 2.4): never a nonce."""
    return {
        "iss": issuer,
        "aud": notice.client_id,
        "iat": to_seconds(now),
        "exp": to_seconds(after(now, LOGOUT_TOKEN_LIFE)),
        "jti": notice.id,
        "sub": notice.subject,
        "sid": notice.sid,
        "events": {LOGOUT_EVENT: {}},
    }
