"""Where a demo lives: its folder, its ports, the secrets it keeps and the settings made from them."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shlex
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from idp.domain.platform.hosts import is_loopback_name
from idp.settings import SettingsError

PROJECT = Path(__file__).resolve().parents[2]
SECRET_SETTINGS = ("IDP_SECRET_KEY", "IDP_PEPPER", "IDP_KEY_ENCRYPTION_KEY")
PORTAL_HOSTS = ("compte-formation", "activite-formation", "guichet-paie")
DEFAULT_PORT = 8000


@dataclass(frozen=True, slots=True)
class DemoPlace:
    """One demo: `port` is the gateway's, the portals have the three after it."""

    folder: Path
    port: int

    @property
    def issuer(self) -> str:
        """The gateway's address."""
        return f"http://localhost:{self.port}"

    @property
    def portals(self) -> tuple[str, ...]:
        """The portals' addresses."""
        return tuple(f"http://{name}.localhost:{self.port + 1 + at}" for at, name in enumerate(PORTAL_HOSTS))


def demo_port(environment: Mapping[str, str]) -> int:
    """IDP_DEMO_PORT, or 8000.

    Raises:
        SettingsError: it is no port with three more after it.
    """
    raw = environment.get("IDP_DEMO_PORT") or str(DEFAULT_PORT)
    if not (raw.isascii() and raw.isdecimal()) or not 1024 <= int(raw) <= 65532:
        raise SettingsError(
            f"IDP_DEMO_PORT={raw} must be a port between 1024 and 65532; the portals take the next three."
        )
    return int(raw)


def refuse_public_issuer(environment: Mapping[str, str]) -> None:
    """The demo's accounts share a password that everyone can read: never where others can reach them.

    Raises:
        SettingsError: IDP_ISSUER names another machine than this one.
    """
    issuer = environment.get("IDP_ISSUER", "")
    if issuer and not is_loopback_name(urlsplit(issuer).hostname or ""):
        raise SettingsError(f"`idp demo` runs on this machine only, and IDP_ISSUER={issuer} is not a loopback name.")


def refuse_taken_ports(place: DemoPlace) -> None:
    """A second listener would silently share the port (Granian sets SO_REUSEPORT).

    Raises:
        SettingsError: something listens on one of the four.
    """
    for port in range(place.port, place.port + 4):
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                raise SettingsError(
                    f"Port {port} is taken: stop what listens there, or move all four: IDP_DEMO_PORT=9000 make demo"
                ) from None


def demo_environment(place: DemoPlace) -> dict[str, str]:
    """Every setting of the demo's gateway; nothing is taken from outside, where a real deployment's may be set."""
    folder = place.folder
    return {
        "IDP_ISSUER": place.issuer,
        "IDP_LISTEN": f"127.0.0.1:{place.port}",
        "IDP_OPS_LISTEN": f"unix:{folder / 'run' / 'ops'}",
        "IDP_DATABASE_URL": f"sqlite:///{folder / 'mire.sqlite3'}",
        "IDP_CLIENTS": str(folder / "clients.yaml"),
        "IDP_THEMES": str(folder / "themes"),
        "IDP_SMTP_URL": f"file://{folder / 'mails'}",
        "IDP_MAIL_FROM": "ne-pas-repondre@mire.localhost",
        "IDP_OUTBOUND_ALLOW": " ".join(
            # Where logout tokens go, and the page with the widget, which /widget/check looks at.
            [*(f"127.0.0.1:{place.port + offset}" for offset in (1, 2, 3)), f"guichet-paie.localhost:{place.port + 3}"]
        ),
        "IDP_RUN_DIRECTORY": str(folder / "run"),
        "IDP_TEST_SIRENS": "999000",
        **kept_secrets(folder / "secrets.json"),
    }


def write_environment(place: DemoPlace, settings: Mapping[str, str]) -> None:
    """For the shell of whoever administers the demo: `. var/demo/environment`, and `idp` is this one's."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in settings.items()]
    lines.append(f'export PATH={shlex.quote(str(Path(sys.executable).parent))}:"$PATH"')
    _write_private(place.folder / "environment", "\n".join(["# `make demo` wrote this.", *lines, ""]))


def kept_secrets(path: Path) -> dict[str, str]:
    """The gateway's secrets: made by the first run, readable by their owner only, kept by the next."""
    if not path.exists():
        made = {name: f"demo:{_secret()}" for name in SECRET_SETTINGS}
        _write_private(path, json.dumps(made))
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


def _write_private(path: Path, text: str) -> None:
    """Readable by its owner only, and never seen half-written."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    beside.replace(path)


def _secret() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
