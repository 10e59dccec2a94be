"""Instants as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from babel.dates import format_timedelta
from flask import Flask
from flask_babel import format_datetime, format_time, gettext

from idp.domain.platform.instants import SECOND, Instant
from idp.http.languages import current_language

TIME_ZONE = "Europe/Paris"


def moment(instant: Instant) -> str:
    """Day and time in French legal time, in the page's language: « 21 septembre 2026 à 16 h 13 »."""
    at = datetime.fromtimestamp(instant / SECOND, UTC)
    return str(gettext("%(day)s à %(hour)s", day=format_datetime(at, "d MMMM y"), hour=hour(instant)))


def hour(instant: Instant) -> str:
    """The time of day in French legal time: « 14 h 32 »."""
    pattern = "H'\u00a0h\u00a0'mm" if current_language() == "fr" else "HH:mm"
    return str(format_time(datetime.fromtimestamp(instant / SECOND, UTC), pattern))


def duration(seconds: int) -> str:
    """« 45 secondes », « 3 minutes »: rounded up, so that who waits that long has waited enough."""
    rounded = seconds if seconds < 60 else -(-seconds // 60) * 60
    return format_timedelta(timedelta(seconds=rounded), threshold=1.5, locale=current_language())


def register_moments(app: Flask) -> None:
    """Give templates the filters `moment`, `hour` and `duration`."""
    app.config["BABEL_DEFAULT_TIMEZONE"] = TIME_ZONE
    app.jinja_env.filters |= {"moment": moment, "hour": hour, "duration": duration}
