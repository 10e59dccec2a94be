"""`/w/VERSION/mire-login.js`, `.mjs` and `.d.ts`: the login widget's loader, as published; `/w/manifest.json`.

A version's files never change, so that partners may pin their digests (Subresource Integrity); `/w/1/` is the newest of
the first major version. Written by `.ci/publish_loader.py`.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from flask import Flask

from idp.http.ready_bytes import ReadyAnswer, ready_answer, serve_ready
from idp.http.static_files import FOREVER

PUBLISHED = Path(__file__).resolve().parents[1] / "loader" / "published"
EVERGREEN = "public, max-age=300"
CONTENT_TYPES = {
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "ts": "application/typescript; charset=utf-8",
    "json": "application/json",
}


def register(app: Flask, *, secure: bool) -> None:
    """Every published file under its version, and under the number of the major version that it is the newest of."""
    serve = partial(_serve, app, secure=secure)
    serve("/w/manifest.json", PUBLISHED / "manifest.json", EVERGREEN)
    for folder in sorted(filter(Path.is_dir, PUBLISHED.iterdir()), key=version_of):
        for path in sorted(folder.iterdir()):
            serve(f"/w/{folder.name}/{path.name}", path, FOREVER)
            serve(f"/w/{version_of(folder)[0]}/{path.name}", path, EVERGREEN)


def loader_addresses() -> dict[str, str]:
    """Each address of a script, the newest first, with the digest that pins it; "" where the content changes."""
    versions = json.loads((PUBLISHED / "manifest.json").read_bytes())["versions"]
    pinned: dict[str, str] = {}
    for folder in sorted(map(Path, versions), key=version_of, reverse=True):
        scripts = {
            name: facts["integrity"] for name, facts in versions[folder.name].items() if not name.endswith(".ts")
        }
        pinned |= {f"/w/{folder.name}/{name}": digest for name, digest in scripts.items()}
        pinned |= {f"/w/{version_of(folder)[0]}/{name}": "" for name in scripts}
    return pinned


def version_of(folder: Path) -> tuple[int, ...]:
    """The version whose files it holds."""
    return tuple(map(int, folder.name.split(".")))


def _serve(app: Flask, address: str, path: Path, cache_control: str, *, secure: bool) -> None:
    kind = CONTENT_TYPES[path.suffix[1:]]
    answer = ready_answer(path.read_bytes(), kind, cache_control, secure=secure, public=True)
    serve_ready(app, address, partial(_same, answer))


def _same(answer: ReadyAnswer) -> ReadyAnswer:
    return answer
