"""The doers of the running application, and the request that it answers, themselves.

Flask's `current_app` and `request` look up at every use what they stand for: a tenth of what a request cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import Flask, current_app, request

from idp.usecases.deps import Deps

if TYPE_CHECKING:
    from idp.http.plain_request import PlainRequest

EXTENSION = "mire.deps"


def current_deps() -> Deps:
    """The Deps that wiring.py gave this application."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return cast(Deps, app.extensions[EXTENSION])


def current_request() -> PlainRequest:
    """The request that is being answered."""
    return cast("PlainRequest", request._get_current_object())  # type: ignore[attr-defined]
