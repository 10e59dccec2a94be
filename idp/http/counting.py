"""Counting answers by class of status. Ready bytes are answered before and are not counted."""

from __future__ import annotations

from flask import Flask, Response

from idp.domain.platform.metrics import Metric
from idp.usecases.deps import Deps


def register(app: Flask, deps: Deps) -> None:
    """Count every answer of this application."""

    @app.after_request
    def count(response: Response) -> Response:
        deps.metrics.count(Metric.RESPONSES, status=f"{response.status_code // 100}xx")
        return response
