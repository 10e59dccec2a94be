"""GET and POST /userinfo (OpenID Connect Core section 5.3, RFC 6750)."""

from __future__ import annotations

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error
from flask import Request, Response, request

from idp.oauth.answers import error_response, to_response
from idp.oauth.cross_origin import answer_is_for
from idp.oauth.payloads import FORM, read_form
from idp.oauth.server import current_server
from idp.usecases.portals.identity_facts import UserinfoRefusal, tell_userinfo

DESCRIPTIONS = {
    UserinfoRefusal.INVALID_TOKEN: "The access token is invalid, expired, revoked or not addressed to this endpoint.",
    UserinfoRefusal.INSUFFICIENT_SCOPE: "The access token lacks the scope openid.",
}
STATUS = {UserinfoRefusal.INVALID_TOKEN: 401, UserinfoRefusal.INSUFFICIENT_SCOPE: 403}


def userinfo() -> Response:
    """The claims that the presented access token gives."""
    try:
        token = presented_token(request)
    except OAuth2Error as error:
        return challenged(error_response(error), f'error="{error.error}"')
    if not token:  # RFC 6750 section 3: no error code for whoever did not try
        return challenged(to_response(401, {"error": "invalid_token"}))
    told = tell_userinfo(current_server().deps, token)
    if isinstance(told, UserinfoRefusal):
        description = DESCRIPTIONS[told]
        body = {"error": told.value, "error_description": description}
        scope = ', scope="openid"' if told is UserinfoRefusal.INSUFFICIENT_SCOPE else ""
        return challenged(to_response(STATUS[told], body), f'error="{told}", error_description="{description}"{scope}')
    answer_is_for(told.client)
    return to_response(200, told.body, (("Content-Type", told.content_type), ("Cache-Control", "no-store")))


def presented_token(request: Request) -> str:
    """The token of the header or, on POST, of the form body; never of the query, which ends up in access logs.

    Raises:
        InvalidRequestError: sent in two ways at once, or the body cannot be read (RFC 6750 section 2).
    """
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    by_header = credentials.strip() if scheme.lower() == "bearer" else ""
    by_body = ""
    if request.method == "POST" and request.mimetype == FORM:
        by_body = read_form(request).get("access_token", [""])[0]
    if by_header and by_body:
        raise InvalidRequestError("The access token was sent in two ways.")
    return by_header or by_body


def challenged(response: Response, reason: str = "") -> Response:
    """With the challenge that a bearer endpoint answers every refusal with (RFC 6750 section 3)."""
    response.headers["WWW-Authenticate"] = 'Bearer realm="userinfo"' + (f", {reason}" if reason else "")
    return response
