"""The client through which the gateway's own pages ("Mes connexions") sign people in."""

from __future__ import annotations

from idp.domain.portals.clients import GATEWAY_CLIENT_ID, Client, ClientAuthentication, GrantType


def gateway_client(issuer: str) -> Client:
    """The built-in client `mire`: public, since it is the gateway itself that redeems its code; PKCE like any other."""
    return Client(
        client_id=GATEWAY_CLIENT_ID,
        client_name="Mire",
        redirect_uris=(f"{issuer}/account/callback",),
        initiate_login_uri=f"{issuer}/account/login",
        post_logout_redirect_uris=(f"{issuer}/",),
        grant_types=frozenset({GrantType.AUTHORIZATION_CODE}),
        token_endpoint_auth_method=ClientAuthentication.NONE,
    )
