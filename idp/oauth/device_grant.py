"""The device authorization grant of /token (RFC 8628 section 3.4)."""

from __future__ import annotations

from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError, grants
from flask import request as flask_request

from idp.domain.portals.clients import ClientAuthentication, GrantType
from idp.domain.portals.device_codes import PollRefusal
from idp.domain.portals.grants import TokenRefusal
from idp.http.actors import client_actor
from idp.oauth.details import refuse_details
from idp.oauth.grants import answered, asked_resources, authenticate_for
from idp.usecases.portals.device_authorizations import poll_device
from idp.usecases.portals.tokens import find_code, redeem_code

DESCRIPTIONS = {
    PollRefusal.AUTHORIZATION_PENDING: "The person has not answered yet.",
    PollRefusal.SLOW_DOWN: "Poll five seconds more apart.",
    PollRefusal.ACCESS_DENIED: "The person refused.",
    PollRefusal.EXPIRED_TOKEN: "The device code has expired.",
    PollRefusal.INVALID_GRANT: "The device code is unknown, spent or was issued to another client.",
}


class DeviceCodeGrant(grants.BaseGrant, grants.TokenEndpointMixin):  # type: ignore[misc]
    """One poll."""

    GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
    TOKEN_ENDPOINT_AUTH_METHODS = frozenset(ClientAuthentication)

    def validate_token_request(self) -> None:
        self.request.client = authenticate_for(self)
        refuse_details(self.request)
        if "device_code" not in self.request.form:
            raise InvalidRequestError("Missing 'device_code' in request.")

    def create_token_response(self) -> tuple[int, bytes, Any]:
        deps, client, code = self.server.deps, self.request.client.entry, self.request.form["device_code"]
        refusal = poll_device(deps, client, code)
        if refusal:
            raise OAuth2Error(DESCRIPTIONS[refusal], error=refusal.value)
        grant = find_code(deps, code)
        if grant is None or grant.client_id != client.client_id:
            return answered(TokenRefusal.INVALID_GRANT)
        given = redeem_code(
            deps,
            client_actor(flask_request, client.client_id),
            client,
            grant,
            grant_type=GrantType.DEVICE_CODE,
            resources=asked_resources(self.request),
            confirmation=self.request.confirmation,
        )
        return answered(given)
