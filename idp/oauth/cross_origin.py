"""Back-channel endpoints that a partner's page calls from the browser itself (https://fetch.spec.whatwg.org/#http-cors-protocol).

Only for origins that a client registered as `web_origins`, and never with credentials: no cookie counts here. Once a
view knows which client its answer is for, only that client's own pages may read it. docs/how-to/call-from-a-page.md
says which endpoints are open and why.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from flask import Response, g

from idp.domain.portals.clients import Client
from idp.http.deps import current_deps, current_request
from idp.usecases.portals.clients import is_client_origin

PREFLIGHT_SECONDS = "600"
ASKABLE = "authorization, content-type, dpop"
READABLE = "DPoP-Nonce, WWW-Authenticate"
"""RFC 9449 section 8: a page must be able to read the nonce it is to prove itself with."""
View = Callable[[], Response]


def cross_origin(*methods: str) -> Callable[[View], View]:
    """A view whose answers a registered origin may read."""

    def decorate(view: View) -> View:
        @wraps(view)
        def answer() -> Response:
            if current_request().method != "OPTIONS":
                return shared(view())
            response = shared(Response(status=204, headers={"Allow": ", ".join((*methods, "OPTIONS"))}))
            if "Access-Control-Allow-Origin" in response.headers:
                response.headers["Access-Control-Allow-Methods"] = ", ".join(methods)
                response.headers["Access-Control-Allow-Headers"] = ASKABLE
                response.headers["Access-Control-Max-Age"] = PREFLIGHT_SECONDS
            return response

        return answer

    return decorate


def shared(response: Response) -> Response:
    """With leave for the asking page to read it, if its origin is registered."""
    origin = current_request().headers.get("Origin")
    if origin is None:
        return response
    response.headers["Vary"] = "Origin"
    if _may_read(origin):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = READABLE
    return response


def answer_is_for(client: Client) -> None:
    """This request's answer is for that client: no other client's page may read it."""
    g.cross_origin_client = client


def _may_read(origin: str) -> bool:
    client: Client | None = g.get("cross_origin_client")
    return is_client_origin(current_deps(), origin) if client is None else origin in client.web_origins
