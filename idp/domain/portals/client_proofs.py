"""Why somebody is not taken for the client that they claim to be. Audited; the asker only hears `invalid_client`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ProofProblem(StrEnum):
    """One reason."""

    NOTHING_SENT = "nothing_sent"
    UNKNOWN_CLIENT = "unknown_client"
    OTHER_METHOD = "other_method"
    """By a method that the client is not registered with."""
    PROFILE = "profile"
    """By a method that its profile does not take: registered before it had this profile."""
    WRONG_SECRET = "wrong_secret"
    UNREADABLE = "unreadable"
    WRONG_ASSERTION = "wrong_assertion"
    WRONG_SIGNATURE = "wrong_signature"
    NO_KEYS = "no_keys"
    """It has none, or its jwks_uri gives none."""
    REPLAYED = "replayed"


@dataclass(frozen=True, slots=True)
class Unproven:
    """Nobody: what was claimed and why it was not believed."""

    claimed: str
    problem: ProofProblem
