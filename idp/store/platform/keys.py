"""Signing keys and other sealed values, encrypted at rest."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Integer, LargeBinary, Table

from idp.store.metadata import instant, metadata, text

signing_keys = Table(
    "signing_keys",
    metadata,
    text("kid", 43, primary_key=True),
    text("alg", 16),
    text("state", 16),  # next, active, retired, compromised
    Column("public_jwk", JSON, nullable=False),
    Column("private_sealed", LargeBinary, nullable=True),  # NULL once retired
    text("key_encryption_key_id", 16, default=""),
    instant("created_at"),
    instant("activated_at", nullable=True),
    instant("retired_at", nullable=True),
    instant("published_until", nullable=True),  # leaves the JWKS after this
    instant("expires_at", nullable=True, index=True),  # kept for verifying hints until this
)

key_versions = Table(
    "key_versions",
    metadata,
    text("name", 16, primary_key=True),  # one row, "signing": moves with every change of the table above
    Column("version", Integer, nullable=False),
)

sealed_values = Table(
    "sealed_values",
    metadata,
    text("name", 32, primary_key=True),  # e.g. the pairwise salt, which is never rotated
    Column("sealed", LargeBinary, nullable=False),
    text("key_encryption_key_id", 16),
    instant("created_at"),
)
