"""The doers of the running application, and the request that it answers, themselves.

Flask's `current_app` and `request` look up at every use what they stand for: a tenth of what a request cost.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, cast

from flask import Flask, current_app

from idp.usecases.deps import Deps

if TYPE_CHECKING:
    from idp.http.plain_request import PlainRequest

EXTENSION = "mire.deps"
ANSWERED: ContextVar[PlainRequest] = ContextVar("mire.answered")
"""The request that this thread answers (application.py)."""


def current_deps() -> Deps:
    """The Deps that wiring.py gave this application."""
    request = ANSWERED.get(None)
    if request is not None:
        return request.deps
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return cast(Deps, app.extensions[EXTENSION])


def current_request() -> PlainRequest:
    """The request that is being answered.

    Raises:
        LookupError: none is.
    """
    return ANSWERED.get()
