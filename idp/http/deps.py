"""The doers of the running application, and the request that it answers, themselves.

Flask's `current_app` and `request` look up at every use what they stand for: a tenth of what a request cost.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

from flask import current_app

from idp.usecases.deps import Deps

if TYPE_CHECKING:
    from idp.http.plain_request import PlainRequest

EXTENSION = "mire.deps"
ANSWERED: ContextVar[PlainRequest] = ContextVar("mire.answered")
"""The request that this thread answers (application.py)."""


def current_deps() -> Deps:
    """The Deps that wiring.py gave this application."""
    return cast(Deps, current_extensions()[EXTENSION])


def current_extensions() -> dict[str, Any]:
    """What our packages keep on this application, each under its own name."""
    request = ANSWERED.get(None)
    return request.extensions if request is not None else current_app.extensions


def current_request() -> PlainRequest:
    """The request that is being answered.

    Raises:
        LookupError: none is.
    """
    return ANSWERED.get()
