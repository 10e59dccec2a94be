"""The protocol's door: its endpoints, put on one application."""

from __future__ import annotations

from flask import Flask

from idp.oauth.authorize import blueprint as authorize
from idp.oauth.end_session import blueprint as end_session
from idp.oauth.resume import blueprint as resume
from idp.oauth.server import install_server
from idp.oauth.token import token
from idp.usecases.deps import Deps


def register(app: Flask, deps: Deps) -> None:
    """Add every address of this door."""
    install_server(app, deps)
    app.register_blueprint(authorize)
    app.register_blueprint(resume)
    app.register_blueprint(end_session)
    app.add_url_rule("/token", view_func=token, methods=["POST"])
