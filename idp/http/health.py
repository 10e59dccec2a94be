"""`/health/live` and `/health/ready`: up or down, and not a word more."""

from __future__ import annotations

from threading import Lock

from flask import Flask, Response

from idp.domain.platform.instants import SECOND, Instant, after
from idp.usecases.deps import Deps
from idp.usecases.portals.readiness import check_readiness

FRESH = 2 * SECOND
"""Readiness is looked at no more often: the question writes to the database, and anybody may ask it."""


def register(app: Flask, deps: Deps) -> None:
    """Add both addresses."""
    known = LastReadiness(deps)
    app.add_url_rule("/health/live", "health_live", lambda: _answer(True))
    app.add_url_rule("/health/ready", "health_ready", lambda: _answer(known.ready()))


class LastReadiness:
    """The newest answer of this process."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._lock = Lock()
        self._until = Instant(0)
        self._ready = False

    def ready(self) -> bool:
        """Whether this node can serve, at most two seconds old."""
        with self._lock:
            if self._deps.clock.now() >= self._until:
                self._ready = check_readiness(self._deps).ready
                self._until = after(self._deps.clock.now(), FRESH)
            return self._ready


def _answer(up: bool) -> Response:
    response = Response("up\n" if up else "down\n", 200 if up else 503, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    if not up:
        response.headers["Retry-After"] = "5"
    return response
