"""The doers of the running application."""

from __future__ import annotations

from typing import cast

from flask import current_app

from idp.usecases.deps import Deps

EXTENSION = "mire.deps"


def current_deps() -> Deps:
    """The Deps that wiring.py gave this application."""
    return cast(Deps, current_app.extensions[EXTENSION])
