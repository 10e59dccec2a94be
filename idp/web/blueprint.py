"""The pages' door: put on one application."""

from __future__ import annotations

from flask import Flask

from idp.usecases.deps import Deps
from idp.web.portals.account import blueprint as account
from idp.web.sign_in import cancel, page


def register(app: Flask, deps: Deps) -> None:
    """Add every address of this door."""
    app.register_blueprint(account)
    page.register(app)
    cancel.register(app)
