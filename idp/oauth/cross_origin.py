"""Back-channel endpoints that a partner's page calls from the browser itself (https://fetch.spec.whatwg.org/#http-cors-protocol).

Only for origins that a client registered as `web_origins`, and never with credentials: no cookie counts here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from flask import Response, request

from idp.http.deps import current_deps
from idp.usecases.portals.clients import is_client_origin

PREFLIGHT_SECONDS = "600"
View = Callable[[], Response]


def cross_origin(*methods: str) -> Callable[[View], View]:
    """A view whose answers a registered origin may read."""

    def decorate(view: View) -> View:
        @wraps(view)
        def answer() -> Response:
            if request.method != "OPTIONS":
                return shared(view())
            response = shared(Response(status=204, headers={"Allow": ", ".join((*methods, "OPTIONS"))}))
            if "Access-Control-Allow-Origin" in response.headers:
                response.headers["Access-Control-Allow-Methods"] = ", ".join(methods)
                response.headers["Access-Control-Allow-Headers"] = "authorization, content-type"
                response.headers["Access-Control-Max-Age"] = PREFLIGHT_SECONDS
            return response

        return answer

    return decorate


def shared(response: Response) -> Response:
    """With leave for the asking page to read it, if its origin is registered."""
    origin = request.headers.get("Origin")
    if origin is None:
        return response
    response.headers["Vary"] = "Origin"
    if is_client_origin(current_deps(), origin):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = "WWW-Authenticate"
    return response
