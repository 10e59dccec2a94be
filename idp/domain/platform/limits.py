"""Limits: how many tries a window gives for nothing, and how long each further one must wait.

Owns the closed list of limits and their numbers. Does not own what a try is (sign_in/throttling) nor the counters
(store/platform/rate_limits).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from idp.domain.platform.instants import DAY, HOUR, MINUTE, SECOND, Instant

FIRST_DELAY = 15 * SECOND
LONGEST_DELAY = 15 * MINUTE
"""No delay is longer, so that nobody is kept out by somebody else for more than a coffee break."""


class Limit(StrEnum):
    """One name per counted thing; nobody invents one in a use case."""

    TRIPLET_AND_PREFIX = "triplet_prefix"
    TRIPLET = "triplet"
    PREFIX = "prefix"
    WIDE_PREFIX = "wide_prefix"
    SIRET = "siret"
    REQUESTS = "requests"
    WIDE_REQUESTS = "wide_requests"
    FRAMES = "frames"
    WIDE_FRAMES = "wide_frames"
    DEVICE_CODES = "device_codes"
    DEVICE_CODES_BROWSER = "device_codes_browser"
    REGISTRATIONS = "registrations"
    WIDE_REGISTRATIONS = "wide_registrations"
    WIDGET_CHECKS = "widget_checks"
    WIDE_WIDGET_CHECKS = "wide_widget_checks"
    CLIENT_FAILURES = "client_failures"
    WIDE_CLIENT_FAILURES = "wide_client_failures"


@dataclass(frozen=True, slots=True)
class LimitRule:
    """`free` tries in a `window`; then each waits twice as long as the one before, up to the longest delay."""

    free: int
    window: int
    """Milliseconds from the first counted try; then everything is forgotten."""
    delays: bool = True
    """False: it only raises an alert."""


PURPOSES = {limit: f"throttle.{limit}" for limit in Limit}
"""What the key of each is an HMAC for."""

RULES = {
    Limit.TRIPLET_AND_PREFIX: LimitRule(free=5, window=HOUR),
    Limit.TRIPLET: LimitRule(free=20, window=DAY),
    Limit.PREFIX: LimitRule(free=50, window=10 * MINUTE),
    Limit.WIDE_PREFIX: LimitRule(free=500, window=10 * MINUTE),
    Limit.SIRET: LimitRule(free=100, window=HOUR, delays=False),
    Limit.REQUESTS: LimitRule(free=600, window=10 * MINUTE),
    Limit.WIDE_REQUESTS: LimitRule(free=6_000, window=10 * MINUTE),
    # A framed form is there before anybody wants it: everyone behind an office's address who opens a page counts.
    Limit.FRAMES: LimitRule(free=3_000, window=10 * MINUTE),
    Limit.WIDE_FRAMES: LimitRule(free=30_000, window=10 * MINUTE),
    Limit.DEVICE_CODES: LimitRule(free=60, window=10 * MINUTE),
    Limit.DEVICE_CODES_BROWSER: LimitRule(free=12, window=10 * MINUTE),
    Limit.REGISTRATIONS: LimitRule(free=100, window=10 * MINUTE),
    Limit.WIDE_REGISTRATIONS: LimitRule(free=1_000, window=10 * MINUTE),
    Limit.WIDGET_CHECKS: LimitRule(free=20, window=10 * MINUTE),
    Limit.WIDE_WIDGET_CHECKS: LimitRule(free=200, window=10 * MINUTE),
    Limit.CLIENT_FAILURES: LimitRule(free=100, window=10 * MINUTE, delays=False),
    Limit.WIDE_CLIENT_FAILURES: LimitRule(free=1_000, window=10 * MINUTE, delays=False),
}


@dataclass(frozen=True, slots=True)
class Try:
    """One thing to count, or (`weight` 0) only to look at."""

    limit: Limit
    key: bytes
    """HMAC of what is counted: the table names nobody."""
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Counted:
    """What one counter says after a try."""

    limit: Limit
    key: bytes
    count: int
    """This try included, when it counts."""
    previous_at: Instant
    """When the try before this one was counted; 0 for the first of a window."""
    ends_at: Instant
    """When the window ends."""


@dataclass(frozen=True, slots=True)
class TooMany:
    """Whoever is counted has had all that a window gives."""

    retry_after_seconds: int


def too_many(counted: Iterable[Counted], now: Instant) -> TooMany | None:
    """When to come back, if any of these counters has run over."""
    full = [item.ends_at for item in counted if item.count > RULES[item.limit].free]
    return TooMany(max(1, -(-(max(full) - now) // SECOND))) if full else None


def delay_after(rule: LimitRule, tries: int) -> int:
    """Milliseconds that must pass between the `tries`-th counted try and the next."""
    if not rule.delays or tries < rule.free:
        return 0
    return min(LONGEST_DELAY, FIRST_DELAY << min(tries - rule.free, 10))


def opens_at(counted: Counted) -> Instant:
    """From when on this try was allowed by its counter; a window's end forgives what is left of a delay."""
    delay = delay_after(RULES[counted.limit], counted.count - 1)
    if delay == 0:
        return Instant(0)
    return Instant(min(counted.previous_at + delay, counted.ends_at))
