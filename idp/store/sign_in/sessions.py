"""Browser sessions of the gateway."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, Table

from idp.store.metadata import instant, metadata, reference, text

sessions = Table(
    "sessions",
    metadata,
    text("id", 32, primary_key=True),  # public handle; grants nothing
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),  # SHA-256 of the cookie
    reference("account_id", "accounts.id", index=True),
    instant("created_at"),
    instant("auth_time"),
    instant("last_seen_at"),
    text("acr", 32),
    text("amr"),  # space-separated
    text("browser_label", default=""),
    text("address_prefix", 64, default=""),
    instant("ended_at", nullable=True),
    instant("expires_at", index=True),  # absolute end
)
