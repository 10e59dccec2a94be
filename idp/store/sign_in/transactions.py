"""Authorization transactions: a request for which a person must be asked something, bound to one browser."""

from __future__ import annotations

from sqlalchemy import JSON, Column, LargeBinary, Table

from idp.store.metadata import instant, metadata, text

authorization_transactions = Table(
    "authorization_transactions",
    metadata,
    text("id", 43, primary_key=True),  # `t` in the URL
    Column("browser_hash", LargeBinary(32), nullable=False),  # SHA-256 of the browser cookie
    text("client_id"),
    Column("request", JSON, nullable=False),  # the checked authorization request, as sent
    Column("done", JSON, nullable=False),  # what was done in it and when (domain/sign_in/journey.py: Done)
    instant("created_at"),
    instant("closed_at", nullable=True),
    instant("expires_at", index=True),
)

posted_requests = Table(
    "posted_requests",
    metadata,
    text("handle", 43, primary_key=True),  # parameters of a POST to /authorize, single use, 60 s
    Column("parameters", JSON, nullable=False),
    instant("expires_at", index=True),
)
