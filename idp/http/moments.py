"""Instants as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask
from flask_babel import format_datetime

from idp.domain.platform.instants import SECOND, Instant

TIME_ZONE = "Europe/Paris"


def moment(instant: Instant) -> str:
    """Day and time in French legal time, in the page's language."""
    return str(format_datetime(datetime.fromtimestamp(instant / SECOND, UTC), "long"))


def register_moments(app: Flask) -> None:
    """Give templates the filter `moment`."""
    app.config["BABEL_DEFAULT_TIMEZONE"] = TIME_ZONE
    app.jinja_env.filters["moment"] = moment
