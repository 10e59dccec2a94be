"""Why somebody is not taken for the client that they claim to be. Audited; the asker only hears `invalid_client`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from idp.domain.platform.address_prefixes import WIDE, address_prefix
from idp.domain.platform.limits import PURPOSES, RULES, Counted, Limit, Try


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
    NO_CERTIFICATE = "no_certificate"
    UNTRUSTED_CERTIFICATE = "untrusted_certificate"
    """Its authority does not stand behind it, not now, or not for a client."""
    WRONG_CERTIFICATE = "wrong_certificate"
    REPLAYED = "replayed"


def tries_of_failure(address: str, key_of: Callable[..., bytes]) -> Sequence[Try]:
    """What one failure counts for: nobody fills the trail from one network. Nobody is kept out by it either, since
    the partner's own gateway may share its network with a misconfigured one."""
    prefixes = {
        Limit.CLIENT_FAILURES: address_prefix(address),
        Limit.WIDE_CLIENT_FAILURES: address_prefix(address, WIDE),
    }
    return [Try(limit, key_of(PURPOSES[limit], prefix)) for limit, prefix in prefixes.items()]


class Traced(StrEnum):
    """What of one more failure is written in the trail."""

    YES = "yes"
    LAST = "last"
    """And the row says that those after it are only counted."""
    NO = "no"


def traced(counted: Iterable[Counted]) -> Traced:
    """Whether this failure is written."""
    left = min((RULES[item.limit].free - item.count for item in counted), default=1)
    if left < 0:
        return Traced.NO
    return Traced.LAST if left == 0 else Traced.YES


@dataclass(frozen=True, slots=True)
class Unproven:
    """Nobody: what was claimed and why it was not believed."""

    claimed: str
    problem: ProofProblem
