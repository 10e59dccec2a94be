"""Authorizations: the code, what it gave, and a session's list of clients, in one row."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Index, LargeBinary, Table
from sqlalchemy import text as condition

from idp.store.metadata import RowNumber, instant, metadata, reference, text

PUSHED = condition("pushed_hash IS NOT NULL")
"""Most are not: they are in no index."""

authorizations = Table(
    "authorizations",
    metadata,
    text("id", 32, primary_key=True),  # the `gid` claim of its access tokens
    Column("code_hash", LargeBinary(32), nullable=False, unique=True),
    text("client_id"),
    reference("account_id", "accounts.id", index=True),
    reference("session_id", "sessions.id", nullable=True, ondelete="SET NULL", index=True),
    text("sid", 43, index=True),  # HMAC of session and client
    text("scope"),
    text("redirect_uri"),
    text("resource", default=""),
    text("nonce", default=""),
    text("code_challenge", 128, default=""),
    Column("pushed_hash", LargeBinary(32), nullable=True),  # its pushed request, which gets one code
    text("dpop_jkt", 43, default=""),  # the one DPoP key that may redeem the code
    Column("claims_request", JSON, nullable=True),
    Column("details", JSON, nullable=True),  # authorization_details as granted (RFC 9396)
    Column("offline", Boolean, nullable=False, default=False),  # offline_access granted: survives the session
    text("acr", 32),
    text("amr"),
    text("channel", 8, default="top"),  # where the person proved who they are
    instant("auth_time"),
    instant("issued_at"),
    instant("code_expires_at"),
    instant("redeemed_at", nullable=True),
    instant("revoked_at", nullable=True),
    instant("expires_at", index=True),  # kept as long as what it gave: a late replay still revokes
    Index("ix_authorizations_pushed_hash", "pushed_hash", unique=True, sqlite_where=PUSHED, postgresql_where=PUSHED),
)

refresh_families = Table(
    "refresh_families",
    metadata,
    text("id", 32, primary_key=True),
    reference("authorization_id", "authorizations.id", index=True),
    text("client_id"),
    Column("generation", RowNumber, nullable=False),
    Column("token_hash", LargeBinary(32), nullable=False),
    text("jkt", 43, default=""),  # DPoP key of a public client
    text("x5t_s256", 43, default=""),  # certificate of a public client
    instant("rotated_at"),
    Column("previous_response", LargeBinary, nullable=True),  # encrypted under a key derived from the previous token
    instant("last_used_at"),
    instant("revoked_at", nullable=True),
    instant("expires_at", index=True),
)

consents = Table(
    "consents",
    metadata,
    reference("account_id", "accounts.id", primary_key=True),
    text("client_id", primary_key=True),
    text("scope"),
    Column("details", JSON, nullable=True),  # authorization_details agreed to, the newest last
    instant("given_at"),
    instant("updated_at"),
)

client_cutoffs = Table(
    "client_cutoffs",
    metadata,
    text("client_id", primary_key=True),
    instant("valid_from"),  # what was given to this client before is dead
)

logout_deliveries = Table(
    "logout_deliveries",
    metadata,
    text("id", 32, primary_key=True),  # what an operator names; each attempt's logout token has a jti of its own
    text("client_id", index=True),
    text("subject", 255),  # as this client knows the person
    text("sid", 43, unique=True),  # of one session and one client: no end is told by two rows
    text("status", 16),
    text("outcome", 64, default=""),  # of the last attempt
    Column("attempts", RowNumber, nullable=False, default=0),
    instant("next_at", nullable=True, index=True),  # NULL: nothing more is tried
    text("leased_by", 64, default=""),
    instant("leased_until", nullable=True),
    instant("created_at"),
    instant("delivered_at", nullable=True),
    instant("expires_at", index=True),
)
