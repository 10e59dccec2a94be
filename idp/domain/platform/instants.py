"""Time as the gateway counts it."""

from __future__ import annotations

from typing import NewType

Instant = NewType("Instant", int)
"""Milliseconds since 1970-01-01T00:00:00Z. Every instant in code and database is one of these."""

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def after(instant: Instant, milliseconds: int) -> Instant:
    """The instant `milliseconds` later (earlier when negative)."""
    return Instant(instant + milliseconds)


def to_seconds(instant: Instant) -> int:
    """Whole seconds since the epoch, rounded down: the NumericDate of RFC 7519 section 2."""
    return instant // SECOND
