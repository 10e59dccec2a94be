"""What went wrong, as an answer: a page for a browser, the protocol's JSON for a back channel.

Never a word of internals in either.
"""

from __future__ import annotations

import logging

from flask import Flask, Request, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from idp.domain.platform.errors import DomainError
from idp.http.actors import request_id
from idp.http.limits import WrongScheme
from idp.http.page_errors import PageError
from idp.http.pages import error_page
from idp.usecases.deps import HasherUnavailable, NoSigningKey, StoreUnavailable

RETRY_AFTER_SECONDS = 5
BACK_CHANNEL = frozenset(
    {
        "/token",
        "/par",
        "/userinfo",
        "/introspect",
        "/revoke",
        "/jwks",
        "/register",
        "/device_authorization",
        "/widget/submit",
        "/widget/renew",
        "/widget/message",
    }
)
BACK_CHANNEL_FOLDERS = ("/register/", "/.well-known/", "/health/", "/fedcm/", "/api/")
PAGES: dict[int, PageError] = {
    404: PageError.NOT_FOUND,
    405: PageError.METHOD_NOT_ALLOWED,
    413: PageError.TOO_LARGE,
    414: PageError.TOO_LARGE,
    429: PageError.TOO_MANY_REQUESTS,
    503: PageError.UNAVAILABLE,
}
PROTOCOL_ERRORS: dict[int, str] = {500: "server_error", 503: "temporarily_unavailable"}
logger = logging.getLogger("mire.errors")


def register_errors(app: Flask) -> None:
    """Nothing that a view raises leaves the application in another form than these."""
    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(StoreUnavailable, on_unavailable)
    app.register_error_handler(HasherUnavailable, on_unavailable)
    app.register_error_handler(NoSigningKey, on_unavailable)
    app.register_error_handler(DomainError, on_domain_error)
    app.register_error_handler(Exception, on_unforeseen)


def on_http_error(error: HTTPException) -> Response:
    """A refusal of the HTTP layer: unknown address, wrong method, too large."""
    if isinstance(error.response, Response):
        return error.response
    status = error.code or 500
    page = PageError.WRONG_SCHEME if isinstance(error, WrongScheme) else PAGES.get(status, PageError.BAD_REQUEST)
    response = answer(page, PROTOCOL_ERRORS.get(status, "invalid_request"), status)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def on_unavailable(error: StoreUnavailable | HasherUnavailable | NoSigningKey) -> Response:
    """The database or the hash threads are full, locked or absent: nothing was half-written, come back."""
    logger.error("unavailable", exc_info=error, extra={"mire": {"request_id": request_id()}})
    response = answer(PageError.UNAVAILABLE, "temporarily_unavailable", 503)
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def on_domain_error(error: DomainError) -> Response:
    """A broken rule that no view expected."""
    logger.warning("broken rule %s", error.code, extra={"mire": {"request_id": request_id()}})
    return answer(PageError.BAD_REQUEST, "invalid_request", 400)


def on_unforeseen(error: Exception) -> Response:
    """A defect of ours: its text goes to the log under the reference that the page shows."""
    logger.error("unforeseen", exc_info=error, extra={"mire": {"request_id": request_id()}})
    return answer(PageError.INTERNAL, "server_error", 500)


def answer(page: PageError, protocol_error: str, status: int) -> Response:
    """The page for a browser, the protocol's JSON for anybody else at a back-channel address."""
    if wants_protocol(request):
        return jsonify_error(protocol_error, status)
    return error_page(page, status=status)


def for_the_asker(response: Response) -> Response:
    """A refusal or redirect as its reader can take it: a person's browser never gets JSON.

    Werkzeug's little page of a redirect is dropped: it repeats the address, which may hold a code.
    """
    if response.status_code < 400:
        if response.response:
            response.set_data(b"")
    elif response.mimetype == "application/json" and is_navigation(request):
        page = error_page(PAGES.get(response.status_code, PageError.BAD_REQUEST), status=response.status_code)
        for name in ("WWW-Authenticate", "Retry-After", "Allow"):
            page.headers.extend({name: response.headers.getlist(name)})
        return page
    return response


def jsonify_error(error: str, status: int) -> Response:
    """RFC 6749 section 5.2."""
    response = jsonify(error=error)
    response.status_code = status
    return response


def wants_protocol(request: Request) -> bool:
    """Whether the asker is a program: a back-channel address, and not a person's browser opening it as a page."""
    path = request.path
    if path not in BACK_CHANNEL and not path.startswith(BACK_CHANNEL_FOLDERS):
        return False
    return not is_navigation(request)


def is_navigation(request: Request) -> bool:
    """A browser that will show the answer to a person (Fetch Metadata; else an Accept that puts pages first)."""
    mode = request.headers.get("Sec-Fetch-Mode")
    if mode is not None:
        return mode == "navigate"
    return request.headers.get("Accept", "").startswith("text/html")
