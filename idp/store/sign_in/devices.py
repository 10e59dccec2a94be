"""Browsers known to an account, and the single-use links that let an owner pass the throttles."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, Table

from idp.store.metadata import instant, metadata, reference, text

devices = Table(
    "devices",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    reference("account_id", "accounts.id", index=True),
    instant("created_at"),
    instant("last_used_at"),
    Column("failures", Integer, nullable=False, default=0),
    instant("expires_at", index=True),
)

sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    reference("account_id", "accounts.id", index=True),
    instant("created_at"),
    instant("used_at", nullable=True),
    text("browser_hash", 64, default=""),
    instant("expires_at", index=True),
)
