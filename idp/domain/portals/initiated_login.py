"""Sign-ins that begin at someone else (OpenID Connect Core section 4): sending people to a portal, and being sent."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit, urlunsplit

from idp.domain.portals.clients import GATEWAY_CLIENT_ID, Client, GrantType

OUR_PAGES = ("/account/sessions", "/account", "/fedcm/login")
"""Where a sign-in to our own pages may lead; the first when nothing was asked."""


def initiation_uri(client: Client, issuer: str, *, target_link_uri: str = "", login_hint: str = "") -> str:
    """Where this portal begins a sign-in with us, or "" when it registered no such address.

    Only the address it registered is ever used. `target_link_uri` goes with it when it is at the same origin: we are
    not to carry a stranger's address to a portal that may forget to check it.
    """
    if not client.initiate_login_uri:
        return ""
    parts = urlsplit(client.initiate_login_uri)
    same = urlsplit(target_link_uri)[:2] == parts[:2]
    asked = {"iss": issuer, "login_hint": login_hint, "target_link_uri": target_link_uri if same else ""}
    added = urlencode({name: value for name, value in asked.items() if value})
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, added)))))


def start_uri(client: Client, issuer: str) -> str:
    """Where a person begins at this portal: with us at once when it can do that, else at its home page; or ""."""
    return initiation_uri(client, issuer) or client.client_uri


def may_be_opened(client: Client) -> bool:
    """Whether people sign in to it, and we know where: not a machine, nor ourselves."""
    signs_people_in = GrantType.AUTHORIZATION_CODE in client.grant_types
    return client.client_id != GATEWAY_CLIENT_ID and signs_people_in and bool(start_uri(client, ""))


def our_page(target_link_uri: str, issuer: str) -> str | None:
    """The path of our own page that this address names, the first when it is empty; None: it is none of ours."""
    if not target_link_uri:
        return OUR_PAGES[0]
    return next((path for path in OUR_PAGES if target_link_uri == f"{issuer}{path}"), None)
