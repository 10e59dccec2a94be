"""Structured logs: one JSON object a line, written when what it tells is committed.

Never a secret: fields are chosen, not dumped.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

EVENTS = "mire.events"
ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
"""One for all lines: `json.dumps` would make it anew for each."""


class EventLog:
    """Writes what happened."""

    def __init__(self) -> None:
        self._logger = logging.getLogger(EVENTS)

    def event(self, name: str, fields: Mapping[str, str | int]) -> None:
        """One line: the event's name and its chosen fields. Where in the code it was written is not looked for."""
        if self._logger.isEnabledFor(logging.INFO):
            record = logging.LogRecord(EVENTS, logging.INFO, "", 0, name, (), None)
            record.mire = fields
            self._logger.handle(record)


class QuietLog(EventLog):
    """Remembers the lines instead of writing them."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, dict[str, str | int]]] = []

    def event(self, name: str, fields: Mapping[str, str | int]) -> None:
        self.lines.append((name, dict(fields)))


class JsonLines(logging.Formatter):
    """Any log record as one line of JSON; an exception's traceback goes in one field."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "mire", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return ENCODER.encode(line)


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {
        "_granian": {"level": "WARNING", "propagate": True, "handlers": []},
        "granian.access": {"level": "CRITICAL", "propagate": False, "handlers": []},
    },
}
"""What the embedded server does with its own loggers: its warnings join our lines, addresses are not logged."""


def configure_logs(stream: TextIO = sys.stderr) -> None:
    """Every logger of this process writes JSON lines to `stream`; Authlib's write nothing.

    Authlib logs whole token responses at DEBUG (authlib/oauth2/rfc6749/grants/authorization_code.py).
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    silence_authlib()


def silence_authlib() -> None:
    """No record of `authlib` or below it reaches any handler, whatever level someone sets."""
    for name in ("authlib", *(name for name in logging.root.manager.loggerDict if name.startswith("authlib."))):
        logger = logging.getLogger(name)
        logger.disabled = True
        logger.propagate = False
        logger.handlers[:] = [logging.NullHandler()]
