"""The grants of /token. Authlib checks the request; one use case each answers it, and only use cases write."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import (
    InvalidClientError,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Error,
    UnauthorizedClientError,
    grants,
)
from flask import request as flask_request

from idp.domain.portals.clients import Client, ClientAuthentication
from idp.domain.portals.device_codes import DEVICE_PATH
from idp.domain.portals.grants import Grant, TokenRefusal
from idp.domain.portals.scopes import words_of
from idp.http.actors import client_actor
from idp.oauth.answers import NO_STORE
from idp.oauth.client_authentication import PROVEN
from idp.oauth.details import read_details, refuse_details
from idp.oauth.errors import InvalidAuthorizationDetails
from idp.usecases.portals.refreshing import refresh
from idp.usecases.portals.tokens import find_code, issue_for_client, redeem_code

NO_KEY = "No key of the client's JWK Set serves to encrypt its ID tokens, or its jwks_uri gives none."


class InvalidTargetError(OAuth2Error):  # type: ignore[misc]
    """The resource is unknown, or not for this client (RFC 8707 section 2)."""

    error = "invalid_target"
    description = "The requested resource is invalid, unknown or not for this client."


def answered(given: bytes | TokenRefusal) -> tuple[int, bytes, Any]:
    """Authlib's triple for what a use case answered.

    Raises:
        OAuth2Error: it refused.
    """
    if isinstance(given, bytes):
        return 200, given, NO_STORE
    match given:
        case TokenRefusal.INVALID_TARGET:
            raise InvalidTargetError
        case TokenRefusal.INVALID_DETAILS:
            raise InvalidAuthorizationDetails("authorization_details ask for more than was granted.")
        case TokenRefusal.INVALID_SCOPE:
            raise InvalidScopeError
        case TokenRefusal.NO_KEY:
            raise InvalidClientError(NO_KEY)
        case TokenRefusal.INVALID_REQUEST:
            raise InvalidRequestError("A token of the request is invalid, or may not be exchanged by this client.")
    raise InvalidGrantError("The grant is invalid, expired, revoked or was issued to another client.")


class PresentedCode:
    """An authorization code as Authlib's checks see it."""

    def __init__(self, grant: Grant) -> None:
        self.grant = grant
        self.code_challenge = grant.code_challenge

    def get_redirect_uri(self) -> str:
        return self.grant.redirect_uri

    def get_scope(self) -> str:
        return " ".join(self.grant.scopes)


class CodeGrant(grants.BaseGrant, grants.TokenEndpointMixin):  # type: ignore[misc]
    """RFC 6749 section 4.1.3. The authorization side is not here: /authorize has its own flow."""

    GRANT_TYPE = "authorization_code"
    TOKEN_ENDPOINT_AUTH_METHODS = frozenset(ClientAuthentication)

    validate_token_request = grants.AuthorizationCodeGrant.validate_token_request

    def query_authorization_code(self, code: str, client: Any) -> PresentedCode | None:
        """The code if it is this client's; one of a client without a secret always has a challenge."""
        grant = find_code(self.server.deps, code)
        if grant is None or grant.client_id != client.client_id:
            return None
        if grant.redirect_uri == self.server.deps.issuer + DEVICE_PATH:  # a device's code is for the device grant only
            return None
        return None if client.entry.is_public and not grant.code_challenge else PresentedCode(grant)

    def create_token_response(self) -> tuple[int, bytes, Any]:
        client: Client = self.request.client.entry
        given = redeem_code(
            self.server.deps,
            client_actor(flask_request, client.client_id),
            client,
            self.request.authorization_code.grant,
            resources=asked_resources(self.request),
            details=read_details(self.request.form.get("authorization_details", ""), client),
            confirmation=self.request.confirmation,
        )
        return answered(given)


class RefreshTokenGrant(grants.BaseGrant, grants.TokenEndpointMixin):  # type: ignore[misc]
    """RFC 6749 section 6, OpenID Connect Core section 12."""

    GRANT_TYPE = "refresh_token"
    TOKEN_ENDPOINT_AUTH_METHODS = frozenset(ClientAuthentication)

    def validate_token_request(self) -> None:
        self.request.client = authenticate_for(self)
        if "refresh_token" not in self.request.form:
            raise InvalidRequestError("Missing 'refresh_token' in request.")

    def create_token_response(self) -> tuple[int, bytes, Any]:
        client: Client = self.request.client.entry
        given = refresh(
            self.server.deps,
            client_actor(flask_request, client.client_id),
            client,
            self.request.form["refresh_token"],
            scopes=frozenset(words_of(self.request.payload.scope or "")),
            resources=asked_resources(self.request),
            details=read_details(self.request.form.get("authorization_details", ""), client),
            confirmation=self.request.confirmation,
        )
        return answered(given)


class ClientCredentialsGrant(grants.BaseGrant, grants.TokenEndpointMixin):  # type: ignore[misc]
    """RFC 6749 section 4.4: confidential clients only."""

    GRANT_TYPE = "client_credentials"
    TOKEN_ENDPOINT_AUTH_METHODS = PROVEN

    def validate_token_request(self) -> None:
        self.request.client = authenticate_for(self)
        refuse_details(self.request)

    def create_token_response(self) -> tuple[int, bytes, Any]:
        client: Client = self.request.client.entry
        asked = self.request.payload.scope
        # Without a person there is no one to identify, nor to be offline for.
        allowed = client.scopes - {"openid", "offline_access"}
        scopes = allowed.intersection(words_of(asked)) if asked else allowed
        return answered(
            issue_for_client(
                self.server.deps,
                client,
                scopes=scopes,
                resources=asked_resources(self.request),
                confirmation=self.request.confirmation,
            )
        )


def authenticate_for(grant: Any) -> Any:
    """The client, if it may use this grant.

    Raises:
        InvalidClientError, UnauthorizedClientError
    """
    client = grant.authenticate_token_endpoint_client()
    if not client.check_grant_type(grant.GRANT_TYPE):
        raise UnauthorizedClientError("The client is not registered for this grant type.")
    return client


def asked_resources(request: Any) -> tuple[str, ...]:
    """Every `resource` of the request (RFC 8707 section 2.2)."""
    return tuple(request.payload.datalist.get("resource", ()))
