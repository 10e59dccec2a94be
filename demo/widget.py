"""The login widget in this portal's page: its loader, where it starts, and what the page's policy allows for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import requests
from flask import Blueprint, current_app, g, jsonify, request, session
from werkzeug.wrappers import Response

from demo.here import gateway, here, own, place, problem
from demo.relying_party import push

START = "/sso/start"
FILE = "mire-login.js"
WAIT_SECONDS = 3
pages = Blueprint("widget", __name__)


@dataclass(frozen=True, slots=True)
class Loader:
    """The script that makes `<mire-login>`: a version that never changes, and its digest (Subresource Integrity)."""

    address: str
    integrity: str


def offered() -> Loader | None:
    """The loader for a page that shows the widget; nothing for who is signed in, or while the gateway is away."""
    if not here().embeds_widget or "me" in session:
        return None
    g.shows_widget = True
    return loader()


def loader() -> Loader | None:
    """The newest that the gateway publishes, asked for once. Without it the page has its link."""
    known = current_app.extensions
    if known["loader"] is None:
        known["loader"] = read_manifest(place().issuer)
    return cast("Loader | None", known["loader"])


def read_manifest(issuer: str) -> Loader | None:
    """What `/w/manifest.json` says of its latest version."""
    try:
        answer = requests.get(f"{issuer}/w/manifest.json", timeout=WAIT_SECONDS)
        answer.raise_for_status()
    except requests.RequestException:
        return None
    manifest: dict[str, Any] = answer.json()
    version = manifest["latest"]
    return Loader(f"{issuer}/w/{version}/{FILE}", manifest["versions"][version][FILE]["integrity"])


@pages.post(START)
def start() -> Response:
    """Push a request for the widget; what will prove its answer stays in this browser's session with the portal.

    Only this portal's own pages may ask: browsers name the page's origin with every POST.
    """
    if not here().embeds_widget:
        return problem("Cette page n'existe pas.", 404)
    if request.headers.get("Origin") != own(""):
        return problem("Cette demande de connexion vient d'un autre site.", 403)
    session["next"] = "/me"
    pushed = push(gateway(), own("/callback"), widget_origin=own(""))
    answer = jsonify(request_uri=pushed["request_uri"], expires_in=pushed["expires_in"])
    answer.headers["Cache-Control"] = "no-store"
    return cast(Response, answer)


def allowed() -> str:
    """What a page that shows the widget adds to its Content-Security-Policy."""
    if not g.get("shows_widget"):
        return ""
    issuer = place().issuer
    return f"script-src {issuer}; frame-src {issuer}; connect-src 'self'; "
