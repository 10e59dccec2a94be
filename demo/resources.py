"""What each portal's protected resource answers: plausible figures, the same for the same person each time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from demo.portals import Portal

ROWS: Mapping[str, tuple[tuple[str, str, int, int], ...]] = {
    "compte-formation": (
        ("Salariés avec des droits ouverts", "", 4, 60),
        ("Droits en cours d'utilisation", "€", 800, 24000),
        ("Dotations à valider", "", 0, 6),
    ),
    "activite-formation": (
        ("Stagiaires formés", "", 20, 900),
        ("Heures de formation", "h", 300, 19000),
        ("Produits de la formation", "€", 12000, 480000),
    ),
    "guichet-paie": (
        ("DSN déposées ce mois-ci", "", 1, 40),
        ("Comptes rendus à lire", "", 0, 9),
        ("Cotisations à régler", "€", 2000, 96000),
    ),
}


def resource_for(portal: Portal, claims: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a verified access token."""
    return {
        "titre": portal.resource_title,
        "audience": claims["aud"],
        "client": claims["client_id"],
        "lignes": [
            {"libelle": label, "valeur": figure(claims["sub"], label, low, high), "unite": unit}
            for label, unit, low, high in ROWS[portal.client_id]
        ],
    }


def figure(subject: str, label: str, low: int, high: int) -> int:
    """A number between the two that depends on the person only."""
    digest = hashlib.sha256(f"{subject}|{label}".encode()).digest()
    return low + int.from_bytes(digest[:4]) % (high - low + 1)
