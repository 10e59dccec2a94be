"""Legal units (entreprises) and their establishments, as the registry knows them."""

from __future__ import annotations

from sqlalchemy import Table, select, update

from idp.domain.people.new_accounts import RegistryEntry
from idp.domain.people.siret import Siret
from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.metadata import instant, metadata, reference, text
from idp.store.unique_insert import insert_once

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


def find_establishment(connection: Connected, siret: Siret) -> RegistryEntry | None:
    """What the registry says of this SIRET, open or closed; None when it does not know it."""
    row = connection.execute(
        select(establishments.c.label, legal_units.c.label.label("unit"), establishments.c.closed_at)
        .join(legal_units, legal_units.c.siren == establishments.c.siren)
        .where(establishments.c.siret == siret)
    ).first()
    return RegistryEntry(row.label or row.unit, row.closed_at is not None) if row else None


def ensure_establishment(connection: Connected, siret: Siret, label: str) -> None:
    """The establishment and its legal unit are there; what was known of them is left as it was."""
    insert_once(connection, legal_units, {"siren": str(siret.siren), "label": label})
    insert_once(connection, establishments, {"siret": str(siret), "siren": str(siret.siren), "label": label})


def close_establishment(connection: Connected, siret: Siret, successor: Siret | None, now: Instant) -> None:
    """The establishment is closed; what took over, if anything, is known already. A closed one stays as it is."""
    connection.execute(
        update(establishments)
        .where(establishments.c.siret == siret, establishments.c.closed_at.is_(None))
        .values(closed_at=now, successor_siret=successor)
    )
