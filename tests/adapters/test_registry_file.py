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
    registry = load_registry(SHIPPED, LOCAL, {})
    assert isinstance(registry, ClientRegistry)
    assert set(registry.clients) == {GATEWAY_CLIENT_ID, "compte-formation", "activite-formation", "guichet-paie"}
    assert len(registry.clients["compte-formation"].secrets) == 1
    assert registry.clients["guichet-paie"].jwks is not None


def test_a_secret_is_kept_as_its_digest(tmp_path: Path) -> None:
    file = tmp_path / "clients.yaml"
    file.write_text(
        "clients:\n  - client_id: portail\n    client_name: Portail\n"
        "    redirect_uris: [https://portail.example.fr/callback]\n    client_secret: env:PORTAIL_SECRET\n"
    )
    registry = load_registry(file, LOCAL, {"PORTAIL_SECRET": SECRET})
    assert isinstance(registry, ClientRegistry)
    assert registry.clients["portail"].secrets[0].digest == secret_digest(SECRET)
