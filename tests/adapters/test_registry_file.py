"""clients.yaml: read whole, or every problem with its line and what to write instead."""

from __future__ import annotations

from pathlib import Path

from idp.adapters.machine_secrets import secret_digest
from idp.adapters.registry_file import load_registry
from idp.domain.portals.clients import GATEWAY_CLIENT_ID, ClientRegistry

SHIPPED = Path(__file__).parents[2] / "clients.yaml"
LOCAL = "http://localhost:8000"
SECRET = "pV3uJ0mC9yQ2tZ7wLr8sXk1dNf5hGb4aEo6iTqRvUxY"


def test_the_shipped_registry_is_accepted_on_this_machine() -> None:
    names = ["COMPTE_FORMATION", "ACTIVITE_FORMATION", "GUICHET_PAIE"]
    registry = load_registry(SHIPPED, LOCAL, {f"DEMO_SECRET_{name}": SECRET for name in names})
    assert isinstance(registry, ClientRegistry)
    assert set(registry.clients) == {GATEWAY_CLIENT_ID, "compte-formation", "activite-formation", "guichet-paie"}
    assert registry.clients["guichet-paie"].secrets[0].digest == secret_digest(SECRET)
