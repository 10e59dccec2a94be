"""What IDP_OPS_LISTEN answers: readiness in detail and the summed metrics. Never reachable by the public."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from idp.usecases.deps import Deps
from idp.usecases.portals.readiness import check_readiness

Answer = tuple[str, str, bytes]


def operations_app(deps: Deps) -> WSGIApplication:
    """The WSGI application of the operations process."""
    answers: dict[str, Callable[[], Answer]] = {
        "/metrics": lambda: ("200 OK", "text/plain; version=0.0.4; charset=utf-8", deps.metrics.exposition()),
        "/health/live": lambda: ("200 OK", "application/json", b'{"status":"up"}'),
        "/health/ready": lambda: _ready(deps),
    }

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        known = answers.get(environ.get("PATH_INFO", ""))
        status, kind, body = known() if known else ("404 Not Found", "text/plain", b"")
        headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
        start_response(status, headers)
        return [body]

    return answer


def _ready(deps: Deps) -> Answer:
    readiness = check_readiness(deps)
    body = {"status": "up" if readiness.ready else "down", "details": readiness.details}
    status = "200 OK" if readiness.ready else "503 Service Unavailable"
    return status, "application/json", json.dumps(body, ensure_ascii=False).encode()
