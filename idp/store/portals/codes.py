"""Writing an authorization when its code is issued."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

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
    pushed_hash: bytes | None
    """Of the pushed request that it answers; no other code has it."""
    claims_request: Mapping[str, Any] | None
    details: Sequence[Mapping[str, Any]] | None
    """authorization_details; None: nothing was asked."""
    offline: bool
    acr: str
    amr: str
    channel: str
    auth_time: Instant
    issued_at: Instant
    code_expires_at: Instant
    expires_at: Instant


INSERT_AUTHORIZATION = {
    dialect.__name__.rpartition(".")[2]: Prepared(
        dialect.insert(authorizations).inline().on_conflict_do_nothing(), NewAuthorization.__slots__
    )
    for dialect in (postgresql, sqlite)
}


def insert_authorization(connection: Connected, row: NewAuthorization) -> bool:
    """Issue the code: one insert. False when its pushed request has a code already (RFC 9126 section 7.3)."""
    statement = INSERT_AUTHORIZATION[connection.dialect.name]
    return statement.run(connection, {name: getattr(row, name) for name in NewAuthorization.__slots__}) == 1
