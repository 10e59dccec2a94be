"""The protocol's door: its endpoints, put on one application."""

from __future__ import annotations

from flask import Flask

from idp.http.transactions import DISPATCHER
from idp.oauth.authorize import CHECKED
from idp.oauth.authorize import blueprint as authorize
from idp.oauth.checked_requests import CheckedRequests
from idp.oauth.cross_origin import View, cross_origin
from idp.oauth.device_authorization import device_authorization
from idp.oauth.end_session import blueprint as end_session
from idp.oauth.fedcm import register as register_fedcm
from idp.oauth.introspection import introspection
from idp.oauth.pushed import push
from idp.oauth.registration import blueprint as registration
from idp.oauth.resume import blueprint as resume
from idp.oauth.resume import dispatch
from idp.oauth.revocation import revocation
from idp.oauth.server import install_server
from idp.oauth.token import token
from idp.oauth.userinfo import userinfo
from idp.oauth.well_known import register_well_known
from idp.oauth.widget_message import message
from idp.usecases.deps import Deps


def register(app: Flask, deps: Deps) -> None:
    """Add every address of this door."""
    install_server(app, deps)
    app.register_blueprint(authorize)
    app.register_blueprint(resume)
    app.extensions[DISPATCHER] = dispatch
    app.extensions[CHECKED] = CheckedRequests()
    app.register_blueprint(end_session)
    app.register_blueprint(registration)
    register_well_known(app, deps)
    register_fedcm(app, deps)
    open_to_pages(app, "/token", token, "POST")
    open_to_pages(app, "/userinfo", userinfo, "GET", "POST")
    app.add_url_rule("/device_authorization", view_func=device_authorization, methods=["POST"])
    app.add_url_rule("/introspect", view_func=introspection, methods=["POST"])
    app.add_url_rule("/widget/message", view_func=message, methods=["POST"])
    open_to_pages(app, "/par", push, "POST")
    open_to_pages(app, "/revoke", revocation, "POST")


def open_to_pages(app: Flask, path: str, view: View, *methods: str) -> None:
    """An endpoint that a partner's page may call from the browser."""
    answers = [*methods, "OPTIONS"]
    app.add_url_rule(path, view_func=cross_origin(*methods)(view), methods=answers, provide_automatic_options=False)
