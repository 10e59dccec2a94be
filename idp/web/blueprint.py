"""The pages' door: put on one application."""

from __future__ import annotations

from flask import Flask

from idp.usecases.deps import Deps
from idp.web.portals.account import blueprint as account


def register(app: Flask, deps: Deps) -> None:
    """Add every address of this door."""
    app.register_blueprint(account)
