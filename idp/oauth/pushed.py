"""POST /par (RFC 9126): a client pushes its authorization request, and gets a name for it."""

from __future__ import annotations

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error
from flask import Response, request
from werkzeug.exceptions import TooManyRequests

from idp.domain.platform.limits import TooMany
from idp.domain.portals.authentication_methods import WIRED
from idp.domain.portals.clients import Client
from idp.domain.portals.redirect_uris import is_registered_redirect
from idp.http.actors import anonymous_actor
from idp.oauth.answers import error_response, to_response
from idp.oauth.authorization_parameters import AuthorizationParameters
from idp.oauth.payloads import BodyRequest
from idp.oauth.request_checks import Asked, check_request
from idp.oauth.request_sources import signed_parameters
from idp.oauth.server import current_server
from idp.usecases.deps import Deps
from idp.usecases.portals.pushed_requests import push_request

OF_THE_CLIENT = frozenset({"client_secret", "client_assertion", "client_assertion_type"})
PUSHED_NOW = "now"
"""What marks a request that is being pushed; the browser's one has the mark of its row."""


def push() -> Response:
    """201 with the name, or the error that the browser would have brought, now and as JSON."""
    server = current_server()
    try:
        body = BodyRequest(request)
        client = server.authenticate_client(body, WIRED, "par").entry
        if "request_uri" in body.form:
            raise InvalidRequestError("request_uri is not pushed (RFC 9126 section 2.1).")
        parameters = bound(pushed_parameters(server.deps, client, body), body.confirmation.jkt)
        redirect_uri = parameters.one("redirect_uri")
        if not is_registered_redirect(client, redirect_uri):
            raise InvalidRequestError("redirect_uri is not one that this client registered.")
        asked = check_request(Asked(parameters, client, server.deps.registry(), server.deps), redirect_uri)
    except OAuth2Error as error:
        return error_response(error)
    pushed = push_request(server.deps, anonymous_actor(request), asked)
    if isinstance(pushed, TooMany):
        raise TooManyRequests(retry_after=pushed.retry_after_seconds)
    return to_response(201, {"request_uri": pushed.request_uri, "expires_in": pushed.expires_in})


def pushed_parameters(deps: Deps, client: Client, body: BodyRequest) -> AuthorizationParameters:
    """Those of the form, or of the request object in it, which then alone counts (RFC 9126 section 3).

    Raises:
        InvalidRequestObjectError
    """
    if "request" in body.form:
        parameters = signed_parameters(deps, client, body.form["request"])
    else:
        pairs = ((name, value) for name, values in body.payload.datalist.items() for value in values)
        own = [("client_id", client.client_id)]
        parameters = AuthorizationParameters(
            [*own, *((name, value) for name, value in pairs if name not in OF_THE_CLIENT | {"client_id"})]
        )
    parameters.pushed = PUSHED_NOW
    return parameters


def bound(parameters: AuthorizationParameters, jkt: str) -> AuthorizationParameters:
    """With the key of the proof that came along, which is then the only one to redeem the code (RFC 9449 section 10.1).

    Raises:
        InvalidRequestError: dpop_jkt names another.
    """
    if not jkt:
        return parameters
    if parameters.one("dpop_jkt") not in ("", jkt):
        raise InvalidRequestError("dpop_jkt and the DPoP proof name different keys.")
    parameters.put("dpop_jkt", jkt)
    return parameters
