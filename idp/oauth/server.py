"""The authorization server of one application. Authlib parses, dispatches and checks; use cases write."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, cast

from authlib.oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError, OAuth2Error, OAuth2Request
from authlib.oauth2.rfc7636 import CodeChallenge
from flask import Flask, Response

from idp.http.deps import current_extensions, current_request
from idp.oauth.answers import to_response
from idp.oauth.authorization_grant import AuthorizationCodeRequest
from idp.oauth.client_authentication import authenticate
from idp.oauth.clients import OAuthClient
from idp.oauth.cross_origin import answer_is_for
from idp.oauth.device_grant import DeviceCodeGrant
from idp.oauth.exchange_grant import TokenExchangeGrant
from idp.oauth.grants import ClientCredentialsGrant, CodeGrant, RefreshTokenGrant
from idp.oauth.payloads import BodyRequest
from idp.oauth.possession import confirmed
from idp.usecases.deps import Deps
from idp.usecases.portals.clients import find_client

EXTENSION = "mire.authorization_server"
Answer = tuple[int, Any, Sequence[tuple[str, str]]]


class S256Only(CodeChallenge):  # type: ignore[misc]
    """PKCE as RFC 9700 section 2.1.1 wants it. Authlib's default is `plain`."""

    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def get_authorization_code_challenge_method(self, authorization_code: Any) -> str:
        return "S256"


class MireServer(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server over our doers; one per application, never global."""

    def __init__(self, deps: Deps) -> None:
        super().__init__()
        self.deps = deps
        self.register_grant(AuthorizationCodeRequest)
        self.register_grant(CodeGrant, [S256Only(required=False)])
        self.register_grant(RefreshTokenGrant)
        self.register_grant(ClientCredentialsGrant)
        self.register_grant(DeviceCodeGrant)
        self.register_grant(TokenExchangeGrant)

    def query_client(self, client_id: str) -> OAuthClient | None:
        entry = find_client(self.deps, client_id)
        return OAuthClient(entry) if entry else None

    def authenticate_client(
        self, request: OAuth2Request, methods: Collection[str], endpoint: str = "token"
    ) -> OAuthClient:
        """By the one method that the client is registered with, if it is among those of this grant or endpoint.

        Raises:
            InvalidClientError, InvalidRequestError, InvalidDpopProof, UseDpopNonce
        """
        client = authenticate(self.deps, request.headers.get("Authorization", ""), request.form)
        answer_is_for(client.entry)
        request.auth_method = client.entry.token_endpoint_auth_method
        if request.auth_method not in methods:
            raise InvalidClientError("This is for clients that prove who they are.", status_code=401)
        request.confirmation = confirmed(self.deps, current_request(), client.entry, for_tokens=endpoint == "token")
        return client

    def save_token(self, token: Any, request: OAuth2Request) -> None:
        """Nothing: use cases write, in one transaction each."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        return request

    def get_token_grant(self, request: BodyRequest) -> Any:
        """The grant of this `grant_type`.

        Raises:
            OAuth2Error: none was named, or it is not one of ours. Authlib would repeat the client's own text.
        """
        wanted = request.payload.grant_type
        if not wanted:
            raise InvalidRequestError("Missing 'grant_type'.")
        for grant_class, extensions in self._token_grants:
            if grant_class.GRANT_TYPE == wanted:
                grant = grant_class(request, self)
                for extension in extensions or ():
                    extension(grant)
                return grant
        raise OAuth2Error("This grant type is not supported.", error="unsupported_grant_type")

    def handle_response(self, status: int, body: Any, headers: Sequence[tuple[str, str]]) -> Response:
        return to_response(status, body, headers)


def current_server() -> MireServer:
    """The authorization server of the running application."""
    return cast(MireServer, current_extensions()[EXTENSION])


def install_server(app: Flask, deps: Deps) -> MireServer:
    """Make the authorization server of this application, once."""
    server = app.extensions.get(EXTENSION)
    if server is None:
        server = app.extensions[EXTENSION] = MireServer(deps)
    return cast(MireServer, server)
