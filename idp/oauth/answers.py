"""Answers of the back-channel endpoints: JSON that nobody keeps (RFC 6749 section 5.1)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from authlib.oauth2.rfc6749 import OAuth2Error
from flask import Response

NO_STORE = (("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Pragma", "no-cache"))


def to_response(status: int, body: Any, headers: Iterable[tuple[str, str]] = NO_STORE) -> Response:
    """The Flask response for what Authlib or a use case answered."""
    raw = body if isinstance(body, bytes | str) else json.dumps(body, separators=(",", ":"))
    return Response(raw, status=status, headers=list(headers))


def error_response(error: OAuth2Error) -> Response:
    """The RFC's error with its status; its words are ours, never an exception's."""
    return to_response(*error())
