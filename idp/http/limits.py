"""How much a request may carry, and that it is text. Checked before any view."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes, urlsplit

from flask import Request, abort
from werkzeug.exceptions import BadRequest, RequestURITooLarge

from idp.http.deps import current_deps

LONGEST_REQUEST_LINE = 16 * 1024
LARGEST_BODY = 64 * 1024
MOST_PARAMETERS = 100
PROBES = "/health/"
"""Asked from this machine or its neighbours, past the proxy."""
FORM = "application/x-www-form-urlencoded"


class WrongScheme(BadRequest):
    """Reached by http behind an https issuer, or the other way round: a proxy is not configured."""


class UnreadableParameters(BadRequest):
    """Too many parameters, or one that is not UTF-8 text or holds a NUL."""


def check_request(request: Request) -> None:
    """Refuse what no honest browser or client sends.

    Raises:
        WrongScheme, UnreadableParameters, RequestURITooLarge, RequestEntityTooLarge: answered by http/errors.py.
    """
    if request.scheme != urlsplit(current_deps().issuer).scheme and not request.path.startswith(PROBES):
        raise WrongScheme
    query = request.query_string
    if len(query) + len(request.path) > LONGEST_REQUEST_LINE:
        raise RequestURITooLarge
    if query:
        check_parameters(query)
    if (request.content_length or 0) > LARGEST_BODY:
        abort(413)
    if request.mimetype == FORM:
        check_parameters(request.get_data(cache=True))


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
