"""The authorization endpoint's side of the code grant, on Authlib's hooks (RFC 6749 section 4.1.1)."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError, OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationEndpointMixin, BaseGrant

from idp.domain.portals.clients import Client
from idp.domain.portals.requests import AuthorizationRequest
from idp.oauth.authorization_parameters import AuthorizationParameters
from idp.oauth.clients import OAuthClient
from idp.oauth.request_checks import Asked, check_request
from idp.oauth.request_sources import resolved
from idp.oauth.response_modes import at_top_level

TRUST = ("client_id", "redirect_uri")
"""Repeated, these leave nobody to send an error to."""


class AuthorizationCodeRequest(BaseGrant, AuthorizationEndpointMixin):  # type: ignore[misc]
    """One authorization request. `asked` is there once it is validated."""

    asked: AuthorizationRequest

    @classmethod
    def check_authorization_endpoint(cls, request: OAuth2Request) -> bool:
        """Always: there is no other grant here, and response_type is one check among others of the ordered table
        (Authlib would call a missing one unsupported)."""
        return True

    @staticmethod
    def validate_no_multiple_request_parameter(request: OAuth2Request) -> None:
        """Nothing here: Authlib's answer would not travel to the client; our own check's does."""

    def validate_authorization_request(self) -> str:
        """Where the response goes. Client and redirect URI come first: until both are known, no error may travel.

        Raises:
            OAuth2Error: with a `redirect_uri` when the client may be told.
        """
        client = self._trusted_client()  # which also finds the parameters that count
        deps, parameters = self.server.deps, self.request.payload
        redirect_uri: str = parameters.one("redirect_uri")
        try:
            self.asked = check_request(Asked(parameters, client, deps.registry(), deps), redirect_uri)
        except OAuth2Error as error:
            error.redirect_uri = redirect_uri
            raise
        return redirect_uri

    def _trusted_client(self) -> Client:
        parameters: AuthorizationParameters = self.request.payload
        said_once(parameters)
        found: OAuthClient | None = self.server.query_client(parameters.one("client_id"))
        if found is None:
            raise InvalidClientError
        parameters = self.request.payload = resolved(self.server.deps, found.entry, parameters)
        said_once(parameters)
        if not found.check_redirect_uri(parameters.one("redirect_uri")):
            raise InvalidRequestError("redirect_uri is not one that this client registered.")
        at_top_level(found.entry, parameters)
        return found.entry

    def create_authorization_response(self, redirect_uri: str, grant_user: Any) -> Any:
        """Not by Authlib: it answers in the query only (authorize.py asks the use case, response_modes.py sends)."""
        raise NotImplementedError


def said_once(parameters: AuthorizationParameters) -> None:
    """Whose request it is, and where its answer goes, is said once.

    Raises:
        InvalidRequestError
    """
    if any(name in parameters.repeated for name in TRUST):
        raise InvalidRequestError("client_id or redirect_uri is repeated.")
