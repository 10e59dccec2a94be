"""Legal units (entreprises) and their establishments, as the registry knows them."""

from __future__ import annotations

from sqlalchemy import Table

from idp.store.metadata import instant, metadata, reference, text

legal_units = Table(
    "legal_units",
    metadata,
    text("siren", 9, primary_key=True),
    text("label"),
)

establishments = Table(
    "establishments",
    metadata,
    text("siret", 14, primary_key=True),
    reference("siren", "legal_units.siren", index=True),
    text("label", default=""),
    instant("closed_at", nullable=True),
    reference("successor_siret", "establishments.siret", nullable=True, ondelete="SET NULL"),
)
