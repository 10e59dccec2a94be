"""How an authorization response travels to the redirect URI: query, fragment or form post, always with `iss`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from flask import Response

from idp.domain.portals.clients import Client, ResponseMode
from idp.http.pages import render_page
from idp.http.redirects import see_other

Members = Mapping[str, str]


def respond(mode: ResponseMode, redirect_uri: str, members: Members, *, client: Client) -> Response:
    """Send `members` there. The redirect URI is trusted by now: the checks compared it before anything else."""
    return MODES[mode](redirect_uri, members, client)


def by_query(redirect_uri: str, members: Members, _client: Client) -> Response:
    """Added to whatever query the registered URI has (RFC 6749 section 4.1.2)."""
    return see_other(f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{urlencode(members)}")


def by_fragment(redirect_uri: str, members: Members, _client: Client) -> Response:
    """A registered URI has no fragment of its own (RFC 6749 section 3.1.2)."""
    return see_other(f"{redirect_uri}#{urlencode(members)}")


def by_form_post(redirect_uri: str, members: Members, client: Client) -> Response:
    """A page whose form posts itself; without JavaScript its button does (OAuth 2.0 Form Post Response Mode)."""
    return render_page(
        "form_post.html", client=client, form_action=[redirect_uri], redirect_uri=redirect_uri, members=members
    )


MODES: Mapping[ResponseMode, Callable[[str, Members, Client], Response]] = {
    ResponseMode.QUERY: by_query,
    ResponseMode.FRAGMENT: by_fragment,
    ResponseMode.FORM_POST: by_form_post,
}
