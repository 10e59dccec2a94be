"""Flask without what it does at every request for applications that are not this one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Request
from werkzeug.routing import MapAdapter


class Application(Flask):
    """No view of ours is a coroutine, and no address is written outside of a request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Flask looks at every function before every call of it."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Flask makes two a request, of which the application context's is never asked."""
        return None if request is None else super().create_url_adapter(request)
