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
        """Flask makes two a request, of which the application context's is never asked, and compares names: the host
        is the issuer's (ProxyHops), and there is no other."""
        if request is None:
            return None
        query, name = request.environ.get("QUERY_STRING", ""), self.config["SERVER_NAME"]
        return MapAdapter(self.url_map, name, "/", "", request.scheme, request.path, request.method, query)
