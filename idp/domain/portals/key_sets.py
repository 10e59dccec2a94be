"""Keys that a client publishes at its jwks_uri: how long they count, and how often we may ask for them.

Owns the numbers and the reading of cache headers (RFC 9111). Does not own the fetching (usecases/portals/client_keys).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import Any

from idp.domain.platform.instants import DAY, HOUR, MINUTE, SECOND, Instant

SHORTEST_LIFE = 60 * SECOND
LONGEST_LIFE = DAY
LIFE_UNSAID = HOUR
"""When the answer says nothing: a new key is found by its kid at once, so only a withdrawn one waits this long."""
AFTER_FAILURE = 10 * SECOND
"""An address that did not answer is left alone for this long."""
EARLY_LOOKS = 3
EARLY_WINDOW = 5 * MINUTE
"""Anyone can send an unknown kid: these make us fetch at most three times in five minutes, for one address."""
LONGEST_SET = 64 * 1024
MOST_KEYS = 50
MAX_AGE = re.compile(r'(?:^|[,\s])max-age\s*=\s*"?([0-9]{1,9})"?\s*(?:,|$)', re.IGNORECASE | re.ASCII)
NOT_KEPT = re.compile(r"(?:^|[,\s])no-(?:store|cache)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class HeldKeys:
    """What is known of one address."""

    jwks: Mapping[str, Any] | None = field(default=None, repr=False)
    good_until: Instant = Instant(0)
    wait_until: Instant = Instant(0)
    """No call before, because the last one failed."""
    early_looks: int = 0
    early_since: Instant = Instant(0)

    def is_good(self, now: Instant) -> bool:
        """There are keys, and they may still be used without asking."""
        return self.jwks is not None and now < self.good_until

    def may_look(self, now: Instant, *, early: bool) -> bool:
        """A call may be made; `early` when keys that are still good lack one."""
        if now < self.wait_until:
            return False
        return not early or self.early_looks < EARLY_LOOKS or now >= self.early_since + EARLY_WINDOW

    def looked_early(self, now: Instant) -> HeldKeys:
        """One early look later."""
        if self.early_looks and now < self.early_since + EARLY_WINDOW:
            return replace(self, early_looks=self.early_looks + 1)
        return replace(self, early_looks=1, early_since=now)

    def found(self, jwks: Mapping[str, Any], life: int, now: Instant) -> HeldKeys:
        """These keys are the newest."""
        return replace(self, jwks=jwks, good_until=Instant(now + life), wait_until=Instant(0))

    def failed(self, now: Instant) -> HeldKeys:
        """Nothing new was learnt; keys that were good stay good until their own end."""
        return replace(self, wait_until=Instant(now + AFTER_FAILURE))


def life_of(headers: Mapping[str, str]) -> int:
    """Milliseconds for which an answer with these headers counts, within our bounds (RFC 9111 sections 5.2 and 5.3)."""
    control = headers.get("cache-control", "")
    if NOT_KEPT.search(control):
        return SHORTEST_LIFE
    if said := MAX_AGE.search(control):
        life = int(said[1]) * SECOND - _age(headers) * SECOND
    elif "expires" in headers:
        life = _between(headers.get("date", ""), headers["expires"])
    else:
        life = LIFE_UNSAID
    return max(SHORTEST_LIFE, min(LONGEST_LIFE, life))


def _age(headers: Mapping[str, str]) -> int:
    said = headers.get("age", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0


def _between(date: str, expires: str) -> int:
    """A date that cannot be read is in the past (RFC 9111 section 5.3)."""
    try:
        return int((parsedate_to_datetime(expires) - parsedate_to_datetime(date)).total_seconds()) * SECOND
    except (TypeError, ValueError):
        return 0
