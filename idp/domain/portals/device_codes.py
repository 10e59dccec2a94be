"""Devices without a keyboard (RFC 8628): their codes, and what a poll is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from idp.domain.platform.address_prefixes import address_prefix
from idp.domain.platform.instants import SECOND, Instant
from idp.domain.platform.limits import PURPOSES, Limit, Try

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so no words; no digits, so nothing that looks like another (RFC 8628 section 6.1)."""
LENGTH = 8
"""20^8: 34 bits, for ten minutes, behind a throttle (section 5.1)."""
INTERVAL = 5 * SECOND
SLOWER = 5 * SECOND
DEVICE_PATH = "/device"


class DeviceStatus(StrEnum):
    """How far it is."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"


class PollRefusal(StrEnum):
    """What a device is told that gets nothing yet, or never (section 3.5)."""

    AUTHORIZATION_PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"
    ACCESS_DENIED = "access_denied"
    EXPIRED_TOKEN = "expired_token"
    INVALID_GRANT = "invalid_grant"


@dataclass(frozen=True, slots=True)
class DeviceAuthorization:
    """What a device asks, and how far it is."""

    id: str
    device_hash: bytes
    client_id: str
    scope: str
    resource: str
    status: str
    interval: int
    polled_at: Instant
    code_expires_at: Instant

    def refusal(self, client_id: str, now: Instant) -> PollRefusal | None:
        """What a poll of this client is told; None: it is approved."""
        if self.client_id != client_id:
            return PollRefusal.INVALID_GRANT
        if self.code_expires_at <= now:
            return PollRefusal.EXPIRED_TOKEN
        match self.status:
            case DeviceStatus.APPROVED:
                return None
            case DeviceStatus.DENIED:
                return PollRefusal.ACCESS_DENIED
        early = now < self.polled_at + self.interval
        return PollRefusal.SLOW_DOWN if early else PollRefusal.AUTHORIZATION_PENDING


def read_user_code(typed: str) -> str:
    """The code in the one spelling that counts, or "": case and punctuation are forgiven (section 6.1)."""
    code = "".join(letter for letter in typed[:64].upper() if letter in ALPHABET)
    return code if len(code) == LENGTH else ""


def shown_code(code: str) -> str:
    """As people read it: XXXX-XXXX."""
    return f"{code[:4]}-{code[4:]}"


def tries_of_code(address: str, browser_token: str, key_of: Callable[..., bytes]) -> Sequence[Try]:
    """What typing one code counts for: its network, and its browser."""
    keys = {Limit.DEVICE_CODES: address_prefix(address), Limit.DEVICE_CODES_BROWSER: browser_token}
    return [Try(limit, key_of(PURPOSES[limit], key)) for limit, key in keys.items()]
