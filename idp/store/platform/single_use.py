"""Identifiers that count once: assertion jti (per issuer) and revoked access tokens."""

from __future__ import annotations

from sqlalchemy import Table

from idp.store.metadata import instant, metadata, text

used_identifiers = Table(
    "used_identifiers",
    metadata,
    text("purpose", 32, primary_key=True),
    text("issuer", 255, primary_key=True),
    text("identifier", 64, primary_key=True),  # base64url SHA-256 of what was presented
    instant("expires_at", index=True),
)

revoked_tokens = Table(
    "revoked_tokens",
    metadata,
    text("jti", 64, primary_key=True),
    instant("expires_at", index=True),
)
