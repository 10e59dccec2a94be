"""Our own script and style files: read once, served as ready bytes under a name that carries their digest."""

from __future__ import annotations

import hashlib
import mimetypes
from functools import partial
from pathlib import Path
from typing import cast

from flask import Flask, current_app

from idp.http.ready_bytes import ReadyAnswer, ready_answer, serve_ready

FOLDER = Path(__file__).resolve().parents[1] / "web" / "static"
FOREVER = "public, max-age=31536000, immutable"
EXTENSION = "mire.static_files"


def register_static_files(app: Flask, *, secure: bool) -> None:
    """Every file of the folder answers at `static_url(name)`; templates call it by that name."""
    urls: dict[str, str] = {}
    for path in sorted(FOLDER.glob("*.*")):
        body = path.read_bytes()
        urls[path.name] = f"/static/{hashlib.sha256(body).hexdigest()[:16]}/{path.name}"
        serve_ready(app, urls[path.name], partial(_same, _answer(path.name, body, secure=secure)))
    app.extensions[EXTENSION] = urls
    app.add_template_global(static_url)


def static_url(name: str) -> str:
    """Where the browser finds that file; a KeyError when there is none of that name."""
    return cast(dict[str, str], current_app.extensions[EXTENSION])[name]


def _answer(name: str, body: bytes, *, secure: bool) -> ReadyAnswer:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    content_type = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
    return ready_answer(body, content_type, FOREVER, secure=secure, public=False)


def _same(answer: ReadyAnswer) -> ReadyAnswer:
    return answer
