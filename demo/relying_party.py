"""The portal as an OpenID Connect client: Authlib's Flask client, PKCE, state, nonce and the `iss` check."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from authlib.integrations.flask_client import FlaskOAuth2App, OAuth, OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from flask import Flask, session
from joserfc.jwk import ECKey

from demo.portals import Place, Portal

WAIT_SECONDS = 5
ATTEMPTS_KEPT = 4
SCOPE = "openid profile email phone organization roles"


def connect(app: Flask, portal: Portal, place: Place) -> FlaskOAuth2App:
    """This portal's client; the gateway's addresses come from its discovery document at first use."""
    return OAuth(app).register(
        "gateway",
        client_id=portal.client_id,
        server_metadata_url=f"{place.issuer}/.well-known/openid-configuration",
        **authentication(portal, place),
    )


def authentication(portal: Portal, place: Place) -> dict[str, Any]:
    """How the portal proves itself at the token endpoint: a secret, or a signed assertion (RFC 7523)."""
    credential = place.credential(portal).read_text()
    wishes = {"scope": f"{SCOPE} {portal.resource_scope}", "code_challenge_method": "S256"}
    if not portal.has_key:
        return {
            "client_secret": credential,
            "client_kwargs": {**wishes, "token_endpoint_auth_method": portal.authentication},
        }
    key = ECKey.import_key(credential)
    method = PrivateKeyJWT(alg="ES256", headers={"kid": key.thumbprint()})
    return {
        "client_secret": key,
        "client_auth_methods": [method],
        "client_kwargs": {**wishes, "token_endpoint_auth_method": method.name},
    }


def push(gateway: FlaskOAuth2App, redirect_uri: str, **parameters: str) -> dict[str, Any]:
    """Push an authorization request (RFC 9126): `request_uri` stands for it. Its state, nonce and PKCE verifier stay in
    this browser's session, where the callback looks for them.

    Raises:
        OAuthError: the gateway refuses the request.
    """
    asked = gateway.create_authorization_url(redirect_uri, **parameters)
    answer = requests.post(
        gateway.load_server_metadata()["pushed_authorization_request_endpoint"],
        data=parse_qsl(urlsplit(asked["url"]).query),
        auth=proof(gateway),
        timeout=WAIT_SECONDS,
    )
    if answer.status_code != 201:
        raise OAuthError(error=answer.json().get("error"))
    gateway.save_authorize_data(redirect_uri=redirect_uri, **asked)
    forget_older_attempts(f"_state_{gateway.name}_")
    pushed: dict[str, Any] = answer.json()
    return pushed


def forget_older_attempts(prefix: str) -> None:
    """Each view of the page begins one, and most are never finished: a session is not to grow by them."""
    attempts = sorted((value["exp"], name) for name, value in session.items() if name.startswith(prefix))
    for _, name in attempts[:-ATTEMPTS_KEPT]:
        del session[name]


def proof(gateway: FlaskOAuth2App) -> requests.auth.AuthBase:
    """The portal's authentication, as at the token endpoint."""
    (method,) = gateway.client_auth_methods or [gateway.client_kwargs["token_endpoint_auth_method"]]
    auth: requests.auth.AuthBase = OAuth2Session(gateway.client_id, gateway.client_secret).client_auth(method)
    return auth


def refresh(gateway: FlaskOAuth2App, refresh_token: str, **parameters: str) -> dict[str, Any]:
    """New tokens for an old refresh token; `resource` addresses the access token to an API (RFC 8707)."""
    tokens: dict[str, Any] = gateway.fetch_access_token(
        grant_type="refresh_token", refresh_token=refresh_token, **parameters
    )
    return tokens


def keep_tokens(tokens: dict[str, Any]) -> None:
    """The newest refresh token replaces the one that was spent."""
    session["refresh_token"] = tokens.get("refresh_token", session.get("refresh_token", ""))
    session["access_token_expires_at"] = int(time.time()) + int(tokens.get("expires_in", 0))
