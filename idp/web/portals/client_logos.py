"""`/clients/CLIENT_ID/logo`: our own copy of a registered client's logo."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from idp.http.deps import current_deps
from idp.http.theme_files import ONLY_AN_IMAGE
from idp.usecases.portals.client_logos import logo_of

A_DAY = "public, max-age=86400"
blueprint = Blueprint("client_logos", __name__)


@blueprint.get("/clients/<client_id>/logo")
def logo(client_id: str) -> Response:
    """One PNG; its address on pages carries its digest, so a new one is seen at once."""
    png = logo_of(current_deps(), client_id)
    if png is None:
        abort(404)
    response = Response(png, content_type="image/png")
    response.headers["Cache-Control"] = A_DAY
    response.headers["Content-Security-Policy"] = ONLY_AN_IMAGE
    return response
