"""Where the parameters of an authorization request are: in the address, in a signed object, or pushed before.

What comes out is one set of parameters, checked by the same table whatever its way (request_checks.py).
"""

from __future__ import annotations

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error
from authlib.oidc.core.errors import InvalidRequestObjectError, InvalidRequestURIError

from idp.domain.portals.clients import Client
from idp.domain.portals.pushed_requests import is_pushed
from idp.domain.portals.redirect_uris import is_registered_redirect
from idp.domain.portals.request_objects import parameters_of
from idp.oauth.authorization_parameters import AuthorizationParameters
from idp.oauth.response_modes import POPUP
from idp.usecases.deps import Deps
from idp.usecases.portals.pushed_requests import find_pushed_request
from idp.usecases.portals.request_objects import RequestObjectRefused, fetch_request_object, read_request_object


def resolved(deps: Deps, client: Client, parameters: AuthorizationParameters) -> AuthorizationParameters:
    """The parameters that count. Beside a reference or an object nothing else does but client_id (RFC 9101 section
    6.3, RFC 9126 section 4).

    Raises:
        OAuth2Error: with a redirect_uri when that was sent beside and is the client's.
    """
    request, request_uri = parameters.one("request"), parameters.one("request_uri")
    if not request and not request_uri:
        return parameters
    try:
        return _referred(deps, client, parameters, request, request_uri)
    except OAuth2Error as error:
        beside = parameters.one("redirect_uri")
        if "redirect_uri" not in parameters.repeated and is_registered_redirect(client, beside):
            error.redirect_uri = beside
        raise


def _referred(
    deps: Deps, client: Client, parameters: AuthorizationParameters, request: str, request_uri: str
) -> AuthorizationParameters:
    if {"request", "request_uri"} & set(parameters.repeated) or (request and request_uri):
        raise InvalidRequestError("Send one request or one request_uri.")
    if is_pushed(request_uri):
        found = find_pushed_request(deps, client, request_uri)
        if found is None:
            raise InvalidRequestURIError("The request_uri is unknown, expired or used.")
        kept, mark = found
        pushed = AuthorizationParameters.stored(kept, pushed=mark)
        if client.widget is not None and parameters.one("display") == POPUP:
            pushed.put("display", POPUP)  # its loader says it, not the back end that pushed before
        return pushed
    if request_uri:
        fetched = fetch_request_object(deps, client, request_uri)
        if fetched is None:
            raise InvalidRequestURIError("The request_uri is not registered, or gives no request.")
        request = fetched
    return signed_parameters(deps, client, request)


def signed_parameters(deps: Deps, client: Client, request: str) -> AuthorizationParameters:
    """What a request object of this client asks.

    Raises:
        InvalidRequestObjectError
    """
    claims = read_request_object(deps, client, request)
    if isinstance(claims, RequestObjectRefused):
        raise InvalidRequestObjectError(f"The request object is refused: {claims.problem}.")
    return AuthorizationParameters(parameters_of(claims), signed=True)
