"""The doers of the running application, and the request that it answers, themselves.

Flask's `current_app` and `request` look up at every use what they stand for: a tenth of what a request cost.
"""

from __future__ import annotations

from typing import cast

from flask import Flask, Request, current_app, request

from idp.usecases.deps import Deps

EXTENSION = "mire.deps"


def current_deps() -> Deps:
    """The Deps that wiring.py gave this application."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return cast(Deps, app.extensions[EXTENSION])


def current_request() -> Request:
    """The request that is being answered."""
    return cast(Request, request._get_current_object())  # type: ignore[attr-defined]
