"""POST /introspect (RFC 7662), as JSON or as a signed JWT (RFC 9701)."""

from __future__ import annotations

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError, OAuth2Error
from flask import Request, Response

from idp.http.actors import client_actor
from idp.http.deps import current_request
from idp.oauth.answers import error_response, to_response
from idp.oauth.client_authentication import PROVEN
from idp.oauth.payloads import BodyRequest
from idp.oauth.server import current_server
from idp.usecases.portals.introspection import INTROSPECTION_TYPE, introspect, signed_introspection

SIGNED = f"application/{INTROSPECTION_TYPE}"
OFFERED = ("application/json", SIGNED)


def introspection() -> Response:
    """What this caller may know of the token. `token_type_hint` is not needed: the token's form says what it is."""
    server, request = current_server(), current_request()
    try:
        body = BodyRequest(request)
        client = server.authenticate_client(body, PROVEN, "introspection")  # section 2.1: or anyone could try tokens
        if "token" not in body.form:
            raise InvalidRequestError("Missing 'token' in request.")
    except OAuth2Error as error:
        return error_response(error)
    answer = introspect(server.deps, client_actor(request, client.entry.client_id), client.entry, body.form["token"])
    if not wants_signed(request):
        return to_response(200, answer)
    signed = signed_introspection(server.deps, client.entry, answer)
    if signed is None:
        return error_response(InvalidClientError("No key of the caller's JWK Set serves to encrypt the answer."))
    return to_response(200, signed, (("Content-Type", SIGNED), ("Cache-Control", "no-store")))


def wants_signed(request: Request) -> bool:
    """Whether the caller prefers the JWT (RFC 9701 section 4); few name it, and the rest need no comparing."""
    named = INTROSPECTION_TYPE in request.headers.get("Accept", "").lower()
    return named and request.accept_mimetypes.best_match(OFFERED) == SIGNED
