"""The pages' door: put on one application."""

from __future__ import annotations

from flask import Flask

from idp.domain.people.siret import display_siret
from idp.usecases.deps import Deps
from idp.web.portals import widget_check, widget_loader
from idp.web.portals.account import blueprint as account
from idp.web.portals.client_logos import blueprint as client_logos
from idp.web.portals.consent import blueprint as consent
from idp.web.portals.device import blueprint as device
from idp.web.portals.legacy_widget import blueprint as legacy_widget
from idp.web.portals.widget_frame import blueprint as widget_frame
from idp.web.portals.widget_handover import blueprint as widget_handover
from idp.web.portals.widget_submit import blueprint as widget_submit
from idp.web.sign_in import cancel, link, page
from idp.web.sign_in.select_account import blueprint as select_account


def register(app: Flask, deps: Deps) -> None:
    """Add every address of this door."""
    app.add_template_filter(display_siret, "siret")
    app.register_blueprint(account)
    app.register_blueprint(select_account)
    app.register_blueprint(consent)
    app.register_blueprint(client_logos)
    app.register_blueprint(device)
    app.register_blueprint(legacy_widget)
    app.register_blueprint(widget_frame)
    app.register_blueprint(widget_submit)
    app.register_blueprint(widget_handover)
    page.register(app)
    cancel.register(app)
    link.register(app)
    widget_loader.register(app, secure=deps.issuer.startswith("https://"))
    widget_check.register(app)
