"""The three portals: who they are, where they live, what each has to show to someone who is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SHIPPED_PORT = 8000
"""The gateway's port in the shipped clients.yaml; the portals have the three after it."""


@dataclass(frozen=True, slots=True)
class Portal:
    """One partner. `offset` is how far its port lies from the gateway's."""

    client_id: str
    offset: int
    title: str
    tagline: str
    resource_path: str
    resource_title: str
    resource_scope: str
    authentication: str = "client_secret_basic"
    """How it proves itself at the token endpoint: `private_key_jwt` has a key, the others a secret."""
    embeds_widget: bool = False
    """Its home page shows the gateway's form in a frame; the others send people to the gateway's page."""

    @property
    def has_key(self) -> bool:
        """Whether it signs client assertions (RFC 7523) instead of sending a secret."""
        return self.authentication == "private_key_jwt"

    def origin(self, base_port: int) -> str:
        """Where browsers find it."""
        return f"http://{self.client_id}.localhost:{base_port + self.offset}"

    def resource(self, base_port: int) -> str:
        """Identifier of its own protected resource: the audience of the access tokens it believes."""
        return f"{self.origin(base_port)}/api"


PORTALS = (
    Portal(
        "compte-formation",
        1,
        "Mon Compte Formation",
        "Les droits à la formation de vos salariés, en quelques clics.",
        "/api/droits",
        "Droits à la formation",
        "formation.read",
    ),
    Portal(
        "activite-formation",
        2,
        "Mon Activité Formation",
        "Le bilan pédagogique et financier des organismes de formation.",
        "/api/bilans",
        "Bilans pédagogiques",
        "activite.read",
        authentication="client_secret_post",
    ),
    Portal(
        "guichet-paie",
        3,
        "Guichet Paie",
        "Vos déclarations sociales nominatives, du dépôt au compte rendu.",
        "/api/declarations",
        "Déclarations du mois",
        "paie.read",
        authentication="private_key_jwt",
        embeds_widget=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where this demo runs: the gateway's address, the first of four ports, and the folder of secrets and mails."""

    issuer: str
    base_port: int
    folder: Path

    def credential(self, portal: Portal) -> Path:
        """File of the portal's client secret or private key."""
        return self.folder / f"{portal.client_id}.{'pem' if portal.has_key else 'secret'}"

    @property
    def mails(self) -> Path:
        """Folder of the .eml files that the gateway writes instead of sending."""
        return self.folder / "mails"
