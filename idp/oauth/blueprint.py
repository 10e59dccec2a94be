"""The protocol's door: its endpoints, put on one application."""

from __future__ import annotations

from flask import Flask

from idp.oauth.end_session import blueprint as end_session
from idp.usecases.deps import Deps


def register(app: Flask, deps: Deps) -> None:
    """Add every address of this door."""
    app.register_blueprint(end_session)
