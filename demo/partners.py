"""Each portal's own credential, made once, and the registry in which the gateway knows only its public half."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import Any

import yaml
from joserfc.jwk import ECKey

from demo.portals import PORTALS, SHIPPED_PORT, Place, Portal

SHIPPED_REGISTRY = Path(__file__).resolve().parents[1] / "clients.yaml"


def prepare(place: Place) -> Path:
    """Make what is missing and write the demo's clients.yaml; returns its path."""
    place.mails.mkdir(parents=True, exist_ok=True)
    for portal in PORTALS:
        if not place.credential(portal).exists():
            write_private(place.credential(portal), new_credential(portal))
    registry = place.folder / "clients.yaml"
    write_private(registry, yaml.safe_dump(demo_registry(place), allow_unicode=True, sort_keys=False))
    return registry


def new_credential(portal: Portal) -> str:
    """A client secret of 256 bits, or a private key in PEM."""
    if not portal.has_key:
        return secrets.token_urlsafe(32)
    return ECKey.generate_key("P-256", private=True).as_pem(private=True).decode()


def write_private(path: Path, text: str) -> None:
    """Readable by its owner only, and never seen half-written."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    beside.replace(path)


def demo_registry(place: Place) -> dict[str, Any]:
    """The shipped clients.yaml with this demo's ports and credentials."""
    text = SHIPPED_REGISTRY.read_text()
    for offset in range(3, -1, -1):
        text = text.replace(f":{SHIPPED_PORT + offset}", f":{{port{offset}}}")
    for offset in range(4):
        text = text.replace(f":{{port{offset}}}", f":{place.base_port + offset}")
    registry: dict[str, Any] = yaml.safe_load(text)
    portals = {portal.client_id: portal for portal in PORTALS}
    for client in registry["clients"]:
        if portal := portals.get(client["client_id"]):
            client.update(public_half(place, portal))
    return registry


def public_half(place: Place, portal: Portal) -> dict[str, Any]:
    """What the gateway may know of the portal's credential: a digest, or a public key."""
    credential = place.credential(portal).read_text()
    if not portal.has_key:
        return {"client_secret": f"sha256:{hashlib.sha256(credential.encode()).hexdigest()}"}
    key = ECKey.import_key(credential)
    public = key.as_dict(private=False, kid=key.thumbprint(), use="sig", alg="ES256")
    return {"jwks": {"keys": [public]}}
