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
    """Day and time in French legal time, in the page's language."""
    return str(format_datetime(datetime.fromtimestamp(instant / SECOND, UTC), gettext("d MMMM y 'à' HH:mm")))


def hour(instant: Instant) -> str:
    """The time of day in French legal time: « 14:32 »."""
    return str(format_time(datetime.fromtimestamp(instant / SECOND, UTC), "short"))


def duration(seconds: int) -> str:
    """« 45 secondes », « 3 minutes »: rounded up, so that who waits that long has waited enough."""
    rounded = seconds if seconds < 60 else -(-seconds // 60) * 60
    return format_timedelta(timedelta(seconds=rounded), threshold=1.5, locale=current_language())


def register_moments(app: Flask) -> None:
    """Give templates the filters `moment`, `hour` and `duration`."""
    app.config["BABEL_DEFAULT_TIMEZONE"] = TIME_ZONE
    app.jinja_env.filters |= {"moment": moment, "hour": hour, "duration": duration}
