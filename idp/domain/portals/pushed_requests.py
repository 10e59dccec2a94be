"""The name under which a pushed authorization request is found again (RFC 9126 section 2.2)."""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "urn:ietf:params:oauth:request_uri:"
LONGEST_HANDLE = 43
MARK = "pushed"
"""Kept among the parameters of a request that was pushed: what its code will carry, so that it gets one only."""


@dataclass(frozen=True, slots=True)
class PushedRequest:
    """Where a pushed request is found, and for how long."""

    request_uri: str
    expires_in: int
    """Seconds."""


def is_pushed(request_uri: str) -> bool:
    """Whether this `request_uri` is one of ours, and no address to fetch."""
    return request_uri.startswith(PREFIX)


def handle_of(request_uri: str) -> str:
    """The unguessable part, or "" when it cannot be one of ours."""
    handle = request_uri.removeprefix(PREFIX)
    return handle if 0 < len(handle) <= LONGEST_HANDLE else ""
