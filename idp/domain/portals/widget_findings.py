"""What the check of a partner's page may say: a closed list, and how bad each is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """How bad a finding is, the worst first."""

    BROKEN = "broken"
    WARNING = "warning"
    OK = "ok"


class Found(StrEnum):
    """What was found; the sentences are the page's."""

    WIDGET_OFF = "widget_off"
    SCRIPT_REFUSED = "script_refused"
    SCRIPT_NEEDS_NONCE = "script_needs_nonce"
    FRAME_REFUSED = "frame_refused"
    START_REFUSED = "start_refused"
    SANDBOXED = "sandboxed"
    SCRIPT_MISSING = "script_missing"
    SCRIPT_UNKNOWN = "script_unknown"
    INTEGRITY_WRONG = "integrity_wrong"
    INTEGRITY_OF_CHANGING = "integrity_of_changing"
    CROSSORIGIN_MISSING = "crossorigin_missing"
    ELEMENT_MISSING = "element_missing"
    ISSUER_WRONG = "issuer_wrong"
    CLIENT_WRONG = "client_wrong"
    START_MISSING = "start_missing"
    START_ELSEWHERE = "start_elsewhere"
    REQUEST_WRONG = "request_wrong"
    COMPLETION_WRONG = "completion_wrong"

    PLAIN_HTTP = "plain_http"
    HSTS_MISSING = "hsts_missing"
    MAY_BE_FRAMED = "may_be_framed"
    REFERRER_TELLS = "referrer_tells"
    POLICY_MISSING = "policy_missing"
    FEDCM_REFUSED = "fedcm_refused"
    FEDCM_DENIED = "fedcm_denied"
    PASSKEYS_DENIED = "passkeys_denied"
    STORAGE_DENIED = "storage_denied"
    OPENER_ISOLATED = "opener_isolated"
    SCRIPT_ELSEWHERE = "script_elsewhere"
    INTEGRITY_MISSING = "integrity_missing"
    REQUEST_ONCE = "request_once"
    FEDCM_OFF = "fedcm_off"
    POPUP_OFF = "popup_off"
    LINK_MISSING = "link_missing"

    TRANSPORT_OK = "transport_ok"
    FRAMING_OK = "framing_ok"
    REFERRER_OK = "referrer_ok"
    SCRIPT_ADMITTED = "script_admitted"
    FRAME_ADMITTED = "frame_admitted"
    CONNECT_ADMITTED = "connect_admitted"
    FORM_ACTION_OK = "form_action_ok"
    TRUSTED_TYPES_OK = "trusted_types_ok"
    PERMISSIONS_OK = "permissions_ok"
    OPENER_OK = "opener_ok"
    EMBEDDER_OK = "embedder_ok"
    SCRIPT_OK = "script_ok"
    ELEMENT_OK = "element_ok"
    LINK_OK = "link_ok"


FIRST_WARNING, FIRST_OK = list(Found).index(Found.PLAIN_HTTP), list(Found).index(Found.TRANSPORT_OK)
RANKS = {found: rank for rank, found in enumerate(Found)}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found, and exactly what to write instead."""

    found: Found
    write: str = ""

    @property
    def mark(self) -> Mark:
        """How bad it is: the list above is in that order."""
        rank = RANKS[self.found]
        return Mark.BROKEN if rank < FIRST_WARNING else Mark.WARNING if rank < FIRST_OK else Mark.OK


@dataclass(frozen=True, slots=True)
class Expected:
    """What the gateway knows of the client whose page it is."""

    issuer: str
    client_id: str
    loader: Mapping[str, str]
    """Each path below the issuer where the loader is served, with its integrity; "" where that changes."""
    enabled: bool = True
    by_message: bool = False
    fedcm: bool = False
    popup: bool = False
