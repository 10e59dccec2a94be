"""How much a request may carry, and that it is text. Checked before any view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from werkzeug.exceptions import (
    BadRequest,
    MethodNotAllowed,
    RequestEntityTooLarge,
    RequestURITooLarge,
    UnsupportedMediaType,
)

from idp.http.deps import current_request

LONGEST_REQUEST_LINE = 16 * 1024
LARGEST_BODY = 64 * 1024
MOST_PARAMETERS = 100
PROBES = "/health/"
"""Asked from this machine or its neighbours, past the proxy."""
SPENT_BY_GET = frozenset({"/authorize", "/authorize/resume", "/end-session", "/widget/frame", "/widget/page"})
"""A GET of these gives a code, ends a session, or begins or moves a sign-in. Flask answers HEAD like GET,
and a HEAD may change nothing
(RFC 9110 section 9.2.1): link scanners send it."""
WITH_BODY = ("POST", "PUT")
FORM = "application/x-www-form-urlencoded"


class WrongScheme(BadRequest):
    """Reached by http behind an https issuer, or the other way round: a proxy is not configured."""


class UnreadableParameters(BadRequest):
    """Too many parameters, or one that is not UTF-8 text or holds a NUL."""


def check_request(environ: Mapping[str, Any], scheme: str) -> None:
    """Refuse what no honest browser or client sends. `scheme` is the issuer's.

    Raises:
        WrongScheme, UnreadableParameters, RequestURITooLarge, RequestEntityTooLarge, MethodNotAllowed,
            UnsupportedMediaType: answered by http/errors.py.
    """
    path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
    if environ["wsgi.url_scheme"] != scheme and not path.startswith(PROBES):
        raise WrongScheme
    if len(path) + len(query) > LONGEST_REQUEST_LINE:
        raise RequestURITooLarge
    if environ["REQUEST_METHOD"] == "HEAD" and path in SPENT_BY_GET:
        raise MethodNotAllowed(valid_methods=["GET"])
    if query:
        check_parameters(query.encode("latin-1"))
    if environ["REQUEST_METHOD"] in WITH_BODY:
        check_body(environ)


def check_body(environ: Mapping[str, Any]) -> None:
    """Forms only as our pages and the protocols send them; the parser of multipart bodies is never reached."""
    request = current_request()
    if (request.content_length or 0) > LARGEST_BODY:
        raise RequestEntityTooLarge
    content_type = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if content_type == FORM:
        check_parameters(request.get_data(cache=True))
    elif content_type.startswith("multipart/"):
        raise UnsupportedMediaType


def check_parameters(encoded: bytes) -> None:
    """Refuse more than MOST_PARAMETERS, NUL and invalid UTF-8.

    Werkzeug would replace wrong bytes, so two different requests would read alike; PostgreSQL answers NUL with an
    error.
    """
    if encoded.count(b"&") >= MOST_PARAMETERS:
        raise UnreadableParameters
    decoded = unquote_to_bytes(encoded)
    if b"\0" in decoded:
        raise UnreadableParameters
    try:
        decoded.decode()
    except UnicodeDecodeError:
        raise UnreadableParameters from None
