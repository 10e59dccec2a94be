"""What every page of a portal asks first: which portal is this, where, and in what dress does it answer."""

from __future__ import annotations

from typing import Any, cast

from authlib.integrations.flask_client import FlaskOAuth2App
from flask import current_app, render_template
from werkzeug.wrappers import Response

from demo.portals import Place, Portal
from demo.sessions import SessionStore


def here() -> Portal:
    """The portal that answers this request."""
    return cast(Portal, current_app.extensions["portal"])


def place() -> Place:
    """Where the demo runs."""
    return cast(Place, current_app.extensions["place"])


def gateway() -> FlaskOAuth2App:
    """This portal's OpenID Connect client."""
    return current_app.extensions["gateway"]


def store() -> SessionStore:
    """This portal's sessions."""
    return cast(SessionStore, current_app.extensions["store"])


def own(path: str) -> str:
    """An address of this portal as browsers and the gateway know it; never taken from the Host header."""
    return here().origin(place().base_port) + path


def page(name: str, status: int = 200, **facts: Any) -> Response:
    """A page in this portal's own dress."""
    return current_app.make_response((render_template(name, layout=f"{here().client_id}/layout.html", **facts), status))


def problem(sentence: str, status: int) -> Response:
    """One sentence and a way on."""
    return page("problem.html", status, sentence=sentence)
