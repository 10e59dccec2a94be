"""Client registries that were accepted (the newest is "last good"), and the workers that report which they use."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Integer, Table

from idp.store.metadata import instant, metadata, text

client_registries = Table(
    "client_registries",
    metadata,
    text("digest", 64, primary_key=True),
    Column("content", JSON, nullable=False),  # normalised, with secret digests, never secrets
    instant("accepted_at", index=True),
)

workers = Table(
    "workers",
    metadata,
    text("id", 32, primary_key=True),
    text("host"),
    Column("pid", Integer, nullable=False),
    text("registry_digest", 64),
    Column("key_version", Integer, nullable=False),
    text("problem", default=""),
    instant("seen_at", index=True),
)
