"""Counters of the throttles. A key is an HMAC: the table names nobody."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, Table

from idp.store.metadata import instant, metadata, text

rate_limits = Table(
    "rate_limits",
    metadata,
    text("bucket", 32, primary_key=True),
    Column("key", LargeBinary(32), primary_key=True),
    Column("count", Integer, nullable=False),
    instant("window_started_at"),
    instant("last_counted_at"),
    instant("expires_at", index=True),
)
