"""Portals on the npm package openid-client: node/*.mjs say where a browser must go, and what came of it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from tests.interop.visitor import Visitor
from tests.processes import ROOT

SCRIPTS = Path(__file__).with_name("node")
PACKAGES = ROOT / "var" / "interop"
NOWHERE = "http://127.0.0.1:9/"
CALLBACK = f"{NOWHERE}callback"
SIGNED_OUT = f"{NOWHERE}signed-out"
SECRET = secrets.token_urlsafe(32)
KEY = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256", "kid": "k1"}, private=True)
PRIVATE = json.dumps(KEY.as_dict(private=True))
PUBLIC = json.dumps({"keys": [KEY.as_dict(private=False)]})
BY_SECRET = {"CLIENT_SECRET": SECRET}
BY_KEY = {"PRIVATE_KEY": PRIVATE}
PUBLICLY: dict[str, str] = {}

Opens = Callable[[str], str]
"""A browser: where it ends when it begins at this address."""


def sends(visitor: Visitor) -> Opens:
    """A person who signs in wherever the portal sends them."""
    return lambda address: visitor.go(address, stop_at=NOWHERE)[0]


def run(issuer: str, client: str, scenario: str, opens: Opens, **settings: str) -> Any:
    """What the scenario says at its end; wherever it sends the browser, the browser goes."""
    environment = {
        "PATH": os.environ["PATH"],
        "ISSUER": issuer,
        "CLIENT_ID": client,
        "REDIRECT_URI": CALLBACK,
        "POST_LOGOUT": SIGNED_OUT,
        **settings,
    }
    folder = PACKAGES / "portal"  # Node looks for packages from where the script is
    shutil.copytree(SCRIPTS, folder, dirs_exist_ok=True)
    command = ["node", str(folder / "openid_client.mjs"), scenario]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        for line in process.stdout:
            said = json.loads(line)
            if "result" in said:
                return said["result"]
            process.stdin.write(f"{opens(said['open'])}\n")
            process.stdin.flush()
        raise AssertionError(process.stderr.read())
