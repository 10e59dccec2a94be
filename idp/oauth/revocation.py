"""POST /revoke (RFC 7009)."""

from __future__ import annotations

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, OAuth2Error
from flask import Response, request

from idp.domain.portals.clients import ClientAuthentication
from idp.http.actors import client_actor
from idp.oauth.answers import error_response, to_response
from idp.oauth.payloads import BodyRequest
from idp.oauth.server import current_server
from idp.usecases.portals.revocation import revoke


def revocation() -> Response:
    """200 for what is dead now, and for what never was a token (section 2.2)."""
    server = current_server()
    try:
        body = BodyRequest(request)
        client = server.authenticate_client(body, frozenset(ClientAuthentication), "revocation").entry
        if "token" not in body.form:
            raise InvalidRequestError("Missing 'token' in request.")
        if not revoke(server.deps, client_actor(request, client.client_id), client, body.form["token"]):
            raise InvalidGrantError("The token was issued to another client.")
    except OAuth2Error as error:
        return error_response(error)
    return to_response(200, {})
