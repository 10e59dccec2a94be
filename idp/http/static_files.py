"""Our own script and style files: read once, served as ready bytes under a name that carries their digest."""

from __future__ import annotations

import hashlib
import mimetypes
from functools import partial
from pathlib import Path
from typing import cast

from flask import Flask

from idp.http.deps import current_extensions
from idp.http.ready_bytes import ReadyAnswer, ready_answer, serve_ready

FOLDER = Path(__file__).resolve().parents[1] / "web" / "static"
FOREVER = "public, max-age=31536000, immutable"
EXTENSION = "mire.static_files"
BUNDLES = {
    "frame.css": ("pico.css", "theme.css", "mire.css", "widget_frame.css"),
    "frame.js": ("sign_in.js", "widget_frame.js"),
}
"""What a partner's frame loads: one file of each kind."""


def register_static_files(app: Flask, *, secure: bool) -> None:
    """Every file of the folder answers at `static_url(name)`; templates call it by that name."""
    urls: dict[str, str] = {}
    for name, body in _files().items():
        urls[name] = f"/static/{hashlib.sha256(body).hexdigest()[:16]}/{name}"
        serve_ready(app, urls[name], partial(_same, _answer(name, body, secure=secure)))
    app.extensions[EXTENSION] = urls
    app.add_template_global(static_url)


def _files() -> dict[str, bytes]:
    single = {path.name: path.read_bytes() for path in sorted(FOLDER.glob("*.*"))}
    return single | {name: b"\n".join(single[part] for part in parts) for name, parts in BUNDLES.items()}


def static_url(name: str) -> str:
    """Where the browser finds that file; a KeyError when there is none of that name."""
    return cast(dict[str, str], current_extensions()[EXTENSION])[name]


def _answer(name: str, body: bytes, *, secure: bool) -> ReadyAnswer:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    content_type = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
    return ready_answer(body, content_type, FOREVER, secure=secure, public=False)


def _same(answer: ReadyAnswer) -> ReadyAnswer:
    return answer
