"""An authorization transaction: a request for which a person must be asked something, in one browser."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from idp.domain.platform.address_prefixes import WIDE, address_prefix
from idp.domain.platform.instants import SECOND, Instant
from idp.domain.platform.limits import RULES, Counted, Limit, Try
from idp.domain.sign_in.journey import Done


@dataclass(frozen=True, slots=True)
class OpenTransaction:
    """A transaction that this browser may go on with."""

    id: str
    client_id: str
    request: Mapping[str, str]
    """The checked authorization request, by parameter name; several resources are separated by spaces."""
    done: Done
    created_at: Instant
    expires_at: Instant


class RefusalReason(StrEnum):
    """Why a transaction cannot be gone on with. The page offers to start again at the portal, for each alike."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    CLOSED = "closed"
    FOREIGN_BROWSER = "foreign_browser"


@dataclass(frozen=True, slots=True)
class TransactionRefusal:
    """Not here, not any more, or not in this browser."""

    reason: RefusalReason
    client_id: str = ""
    """Whose it was, when that is known."""


@dataclass(frozen=True, slots=True)
class TransactionLimit:
    """This address prefix has begun too many."""

    retry_after_seconds: int


def tries_of_request(address: str, key_of: Callable[..., bytes]) -> Sequence[Try]:
    """What storing one more request of this address counts for: nobody fills the table from one network."""
    prefixes = {Limit.REQUESTS: address_prefix(address), Limit.WIDE_REQUESTS: address_prefix(address, WIDE)}
    return [Try(limit, key_of(f"throttle.{limit}", prefix)) for limit, prefix in prefixes.items()]


def request_limit(counted: Iterable[Counted], now: Instant) -> TransactionLimit | None:
    """When the network may come back, if it has stored more than its window gives."""
    full = [item.ends_at for item in counted if item.count > RULES[item.limit].free]
    return TransactionLimit(max(1, -(-(max(full) - now) // SECOND))) if full else None
