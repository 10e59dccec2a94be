"""The protocol's door: its endpoints, put on one application."""

from __future__ import annotations

from flask import Flask

from idp.oauth.authorize import blueprint as authorize
from idp.oauth.end_session import blueprint as end_session
from idp.oauth.introspection import introspection
from idp.oauth.resume import blueprint as resume
from idp.oauth.revocation import revocation
from idp.oauth.server import install_server
from idp.oauth.token import token
from idp.oauth.userinfo import userinfo
from idp.oauth.well_known import register_well_known
from idp.usecases.deps import Deps


def register(app: Flask, deps: Deps) -> None:
    """Add every address of this door."""
    install_server(app, deps)
    app.register_blueprint(authorize)
    app.register_blueprint(resume)
    app.register_blueprint(end_session)
    register_well_known(app, deps)
    app.add_url_rule("/token", view_func=token, methods=["POST"])
    app.add_url_rule("/userinfo", view_func=userinfo, methods=["GET", "POST"])
    app.add_url_rule("/introspect", view_func=introspection, methods=["POST"])
    app.add_url_rule("/revoke", view_func=revocation, methods=["POST"])
