"""The portals' themes as the demo's gateway reads them: their links lead to the portals of this demo."""

from __future__ import annotations

import shutil
from pathlib import Path

from demo.portals import PORTALS, Place

SHIPPED_THEMES = Path(__file__).resolve().parents[1] / "themes"


def write_themes(place: Place, shipped: Path = SHIPPED_THEMES) -> Path:
    """A copy of every theme, with `https://PORTAL.example` written as the portal's address here; returns its folder."""
    folder = place.folder / "themes"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(shipped, folder)
    for path in folder.rglob("*.yaml"):
        path.write_text(at_home(path.read_text(), place))
    return folder


def at_home(text: str, place: Place) -> str:
    """The text with each portal's public address replaced by the one it has in this demo."""
    for portal in PORTALS:
        text = text.replace(f"https://{portal.client_id}.example", portal.origin(place.base_port))
    return text
