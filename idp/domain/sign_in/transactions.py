"""An authorization transaction: a request for which a person must be asked something, in one browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from idp.domain.platform.instants import Instant
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
