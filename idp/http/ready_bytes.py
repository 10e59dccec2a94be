"""Answers that are ready: given before Flask routes anything (discovery, JWKS, our own static files)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask import Flask

from idp.http.headers import ALWAYS, HSTS, NOT_A_PAGE, WSGIApplication

EXTENSION = "mire.ready_bytes"


@dataclass(frozen=True, slots=True)
class ReadyAnswer:
    """A body and its headers, computed once."""

    body: bytes
    etag: str
    headers: tuple[tuple[str, str], ...]


Provider = Callable[[], ReadyAnswer]


def ready_answer(body: bytes, content_type: str, cache_control: str, *, secure: bool, public: bool) -> ReadyAnswer:
    """An answer with every header of hygiene. `public`: any origin may read it (discovery and keys)."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = dict(ALWAYS) | {
        "Content-Type": content_type,
        "Content-Security-Policy": NOT_A_PAGE,
        "Cache-Control": cache_control,
        "ETag": etag,
    }
    if public:
        headers |= {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
    if secure:
        headers["Strict-Transport-Security"] = HSTS
    return ReadyAnswer(body, etag, tuple(headers.items()))


def serve_ready(app: Flask, path: str, provider: Provider) -> None:
    """GET and HEAD of exactly `path` answer what `provider` has ready at that moment."""
    app.extensions.setdefault(EXTENSION, {})[path] = provider


class ReadyBytes:
    """WSGI middleware: a dictionary look-up, then the application."""

    def __init__(self, application: WSGIApplication, ready: dict[str, Provider]) -> None:
        self._application = application
        self._ready = ready

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        provider = self._ready.get(environ["PATH_INFO"])
        if provider is None or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self._application(environ, start_response)
        answer = provider()
        if answer.etag in environ.get("HTTP_IF_NONE_MATCH", ""):
            start_response("304 Not Modified", list(answer.headers))
            return []
        start_response("200 OK", [*answer.headers, ("Content-Length", str(len(answer.body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]
