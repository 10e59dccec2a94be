"""Sending a browser on."""

from __future__ import annotations

from flask import Response


def see_other(uri: str) -> Response:
    """303: the browser goes to `uri` by GET, whatever it came with (RFC 9700 section 4.12)."""
    response = Response(status=303)
    response.headers["Location"] = uri
    return response
