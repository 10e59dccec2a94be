"""Who may ask us as a browser does, and who may read what we say (https://w3c-fedid.github.io/FedCM/#idp-api)."""

from __future__ import annotations

from flask import Response, request

from idp.domain.portals.clients import Client
from idp.domain.portals.fedcm import offers_at
from idp.http.deps import current_deps
from idp.oauth.answers import to_response
from idp.usecases.portals.clients import find_client

BY_BROWSER = "webidentity"
ONCE = ("client_id", "account_id", "account_hint", "params")


def comes_from_browser() -> bool:
    """Whether the browser itself asks: no page can say so, whatever it fetches, frames or shows (Fetch Metadata)."""
    return request.headers.get("Sec-Fetch-Dest") == BY_BROWSER


def refused(code: str, *, reader: str = "", status: int = 403) -> Response:
    """Why not; only `reader`, the page's origin, gets to read it."""
    response = to_response(status, {"error": {"code": code}})
    return readable(response, reader) if reader else response


def readable(response: Response, origin: str, *, with_cookies: bool = True) -> Response:
    """Exactly this origin may read it (CORS)."""
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Vary"] = "Origin"
    if with_cookies:
        response.headers["Access-Control-Allow-Credentials"] = "true"
    return response


def asking_client(client_id: str) -> tuple[Client, str] | None:
    """The client and the origin of the page that asks for it; None when it may not, or asks for two at once."""
    client, origin = find_client(current_deps(), client_id), request.headers.get("Origin", "")
    repeated = any(len(request.values.getlist(name)) > 1 for name in ONCE)
    if client is None or repeated or not offers_at(client, origin):
        return None
    return client, origin
