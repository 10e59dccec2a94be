"""Writing an authorization when its code is issued."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert

from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.portals.authorizations import authorizations
from idp.store.prepared import Prepared


@dataclass(frozen=True, slots=True)
class NewAuthorization:
    """The row that a fresh code is: also what it will give, and one entry of its session's list of clients."""

    id: str
    code_hash: bytes
    client_id: str
    account_id: int
    session_id: str
    sid: str
    scope: str
    redirect_uri: str
    resource: str
    """Several are separated by spaces; a token request names one of them (RFC 8707 section 2.2)."""
    nonce: str
    code_challenge: str
    dpop_jkt: str
    claims_request: Mapping[str, Any] | None
    offline: bool
    acr: str
    amr: str
    auth_time: Instant
    issued_at: Instant
    code_expires_at: Instant
    expires_at: Instant


INSERT_AUTHORIZATION = Prepared(insert(authorizations).inline(), NewAuthorization.__slots__)


def insert_authorization(connection: Connected, row: NewAuthorization) -> None:
    """Issue the code: one insert."""
    INSERT_AUTHORIZATION.run(connection, {name: getattr(row, name) for name in NewAuthorization.__slots__})
