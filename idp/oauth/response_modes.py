"""How an authorization response travels to the redirect URI: query, fragment or form post; plain or signed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Response

from idp.domain.platform.instants import after, to_seconds
from idp.domain.portals.clients import Client, ResponseMode
from idp.domain.portals.widgets import Completion
from idp.http.deps import current_deps
from idp.http.headers import csp_source
from idp.http.pages import render_page
from idp.http.redirects import query_of, see_other
from idp.oauth.authorization_parameters import AuthorizationParameters
from idp.usecases.deps import Deps
from idp.usecases.portals.encrypting import encrypted

RESPONSE_TYPE = "JWT"
POPUP = "popup"
Members = Mapping[str, str]


def respond(mode: ResponseMode, redirect_uri: str, members: Members, *, client: Client) -> Response:
    """Send `members` there. The redirect URI is trusted by now: the checks compared it before anything else."""
    if mode in SIGNED:
        return SIGNED[mode](redirect_uri, signed(current_deps(), members, client), client)
    if mode is ResponseMode.WEB_MESSAGE and not takes_messages(client, redirect_uri):
        mode = ResponseMode.QUERY  # what is told is that this mode is not for it
    return PLAIN[mode](redirect_uri, members, client)


def by_query(redirect_uri: str, members: Members, _client: Client) -> Response:
    """Added to whatever query the registered URI has (RFC 6749 section 4.1.2)."""
    return see_other(f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{query_of(members)}")


def by_fragment(redirect_uri: str, members: Members, _client: Client) -> Response:
    """A registered URI has no fragment of its own (RFC 6749 section 3.1.2)."""
    return see_other(f"{redirect_uri}#{query_of(members)}")


def by_form_post(redirect_uri: str, members: Members, client: Client) -> Response:
    """A page whose form posts itself; without JavaScript its button does (OAuth 2.0 Form Post Response Mode)."""
    return render_page(
        "form_post.html", client=client, form_action=[redirect_uri], redirect_uri=redirect_uri, members=members
    )


def takes_messages(client: Client, redirect_uri: str) -> bool:
    """Whether a page at the redirect URI's origin may get the answer as a message."""
    return csp_source(redirect_uri) in client.web_origins or is_for_widget(client, redirect_uri)


def is_for_widget(client: Client, redirect_uri: str) -> bool:
    """Whether it may only because it shows the client's widget, which ends with a message."""
    widget, origin = client.widget, csp_source(redirect_uri)
    return (
        widget is not None
        and widget.completion is Completion.MESSAGE
        and origin in widget.origins
        and origin not in client.web_origins
    )


def at_top_level(client: Client, parameters: AuthorizationParameters) -> None:
    """A framed sign-in that has left its frame ends at the redirect URI, unless it is in the popup of a widget that
    may have one: nobody else waits for its message."""
    if parameters.response_mode is not ResponseMode.WEB_MESSAGE or not parameters.pushed:
        return
    in_popup = client.widget is not None and client.widget.popup and parameters.one("display") == POPUP
    if is_for_widget(client, parameters.one("redirect_uri")) and not in_popup:
        parameters.put("response_mode", ResponseMode.QUERY)


def by_message(redirect_uri: str, members: Members, client: Client) -> Response:
    """A page that posts the answer to exactly the redirect URI's origin, which alone may frame it (RFC 9700 section
    4.17). Without JavaScript nothing can be posted: the page says so."""
    origin = csp_source(redirect_uri)
    return render_page("web_message.html", client=client, framed_by=origin, recipient=origin, members=members)


def signed(deps: Deps, members: Members, client: Client) -> Members:
    """One parameter that holds all the others, for this client, for a short while (JARM section 2.1), encrypted if it
    registered for that (section 2.2). An error that no key of its encrypts is told signed."""
    expires = to_seconds(after(deps.clock.now(), deps.lifetimes.authorization_response))
    claims = {**members, "iss": deps.issuer, "aud": client.client_id, "exp": expires}
    alg = client.authorization_signed_response_alg or client.rules.id_token_algorithm
    response = deps.signer.sign(claims, alg=alg, typ=RESPONSE_TYPE)
    encryption, enc = client.authorization_encrypted_response_alg, client.authorization_encrypted_response_enc
    if encryption is None:
        return {"response": response}
    hidden = encrypted(deps, client, response, encryption, enc)
    if hidden is None and "code" in members:  # its keys went away since the request was checked: no code in the clear
        kept = {name: value for name, value in claims.items() if name != "code"}
        response = deps.signer.sign({**kept, "error": "server_error"}, alg=alg, typ=RESPONSE_TYPE)
    return {"response": hidden or response}


PLAIN: Mapping[ResponseMode, Callable[[str, Members, Client], Response]] = {
    ResponseMode.QUERY: by_query,
    ResponseMode.FRAGMENT: by_fragment,
    ResponseMode.FORM_POST: by_form_post,
    ResponseMode.WEB_MESSAGE: by_message,
}
SIGNED = {
    ResponseMode.JWT: by_query,
    ResponseMode.QUERY_JWT: by_query,
    ResponseMode.FRAGMENT_JWT: by_fragment,
    ResponseMode.FORM_POST_JWT: by_form_post,
}
"""How each travels once it is signed (JARM section 2.3)."""
