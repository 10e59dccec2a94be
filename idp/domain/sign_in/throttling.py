"""Which counters a sign-in try meets. Nothing here may depend on whether the triplet exists.

A counter's name is an HMAC of what was *typed*, so that an unknown triplet counts, delays and answers as a known one.
A browser that the account knows is neither delayed by them nor counted in them: strangers cannot stop the owner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from idp.domain.people.triplets import TripletKey
from idp.domain.platform.address_prefixes import WIDE, address_prefix
from idp.domain.platform.instants import Instant
from idp.domain.platform.limits import PURPOSES, RULES, Counted, Limit, Try, opens_at

DEVICE_FAILURES = 10
"""Failed tries after which a known browser is a stranger again, until the right password is typed."""
DEVICES_PER_ACCOUNT = 10
"""The least recently used browser is forgotten for an eleventh."""

KeyOf = Callable[..., bytes]
"""KeyedHash.of: (purpose, *parts) -> 32 bytes."""

ALERT_TRIES = RULES[Limit.SIRET].free
"""So many refused or delayed tries on one SIRET within its window raise the alert."""


@dataclass(frozen=True, slots=True)
class TypedTriplet:
    """What was typed, as counters see it: the canonical triplet, or for malformed input its folded text."""

    siret: str
    family_name: str
    given_name: str


def typed_triplet(key: TripletKey | None, siret: str, family_name: str, given_name: str) -> TypedTriplet:
    """The counters' view of a form; spelling variants of one account are one."""
    if key is not None:
        return TypedTriplet(key.siret, key.family_name_key, key.given_name_key)
    return TypedTriplet(_folded(siret).replace(" ", ""), _folded(family_name), _folded(given_name))


def _folded(text: str) -> str:
    encodable = text.encode(errors="replace").decode()
    return " ".join(encodable.split()).casefold()


def tries_of(typed: TypedTriplet, address: str, *, passes: bool, key_of: KeyOf) -> Sequence[Try]:
    """Every counter of one try, in the one order of all tries. A browser that `passes` is only looked at."""
    triplet = (typed.siret, typed.family_name, typed.given_name)
    narrow, wide = address_prefix(address), address_prefix(address, WIDE)
    parts = {
        Limit.TRIPLET_AND_PREFIX: (*triplet, narrow),
        Limit.TRIPLET: triplet,
        Limit.PREFIX: (narrow,),
        Limit.WIDE_PREFIX: (wide,),
        Limit.SIRET: (typed.siret,),
    }
    return [
        Try(limit, key_of(PURPOSES[limit], *words), 0 if passes and RULES[limit].delays else 1)
        for limit, words in parts.items()
    ]


def allowed_from(counted: Iterable[Counted], *, passes: bool) -> Instant:
    """From when on the try was allowed: the latest of its counters; 0 for a browser that passes."""
    return Instant(0) if passes else max(map(opens_at, counted), default=Instant(0))


def delayed_until(counted: Iterable[Counted], limit: Limit) -> Instant:
    """From when on this one counter allowed the try."""
    return max((opens_at(item) for item in counted if item.limit is limit), default=Instant(0))


def tries_on_siret(counted: Iterable[Counted]) -> int:
    """How many tries the SIRET has had in its window."""
    return next(item.count for item in counted if item.limit is Limit.SIRET)
