"""The gateway's own pages, for which people sign in like at any portal: through the built-in client `mire`."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, request, url_for

from idp.domain.portals.clients import GATEWAY_CLIENT_ID
from idp.domain.portals.initiated_login import OUR_PAGES, our_page
from idp.domain.sign_in.sessions import LiveSession
from idp.http.actors import person_actor
from idp.http.cookies import Cookie, browser_cookie, session_cookie, write_cookie
from idp.http.csrf import check, form_token
from idp.http.deps import current_deps
from idp.http.page_errors import PageError
from idp.http.pages import error_page, render_page
from idp.http.redirects import see_other
from idp.usecases.portals.connections import list_connections, take_back
from idp.usecases.portals.consents import withdraw_consent
from idp.usecases.portals.logout import end_chosen_sessions, end_other_sessions
from idp.usecases.portals.openable import openable_portals
from idp.usecases.sign_in.sessions import find_session
from idp.web.portals.consent import agreed_texts

FORM = "connections"
MOST_AT_ONCE = 50
INITIATION = ("iss", "login_hint", "target_link_uri")
blueprint = Blueprint("account", __name__)


@blueprint.get("/")
def come_in() -> Response:
    """Whoever types our name alone is shown where it leads."""
    return see_other(url_for("account.show_portals"))


@blueprint.get("/account")
def show_portals() -> Response:
    """ "Mes portails": what can be opened from here."""
    session = find_session(current_deps(), session_cookie(request))
    if session is None:
        return _sign_in("/account")
    return render_page("portals.html", session=session, portals=openable_portals(current_deps(), session))


@blueprint.route("/account/login", methods=["GET", "POST"])
def begin_sign_in() -> Response:
    """A sign-in to our own pages that began elsewhere (OpenID Connect Core section 4). Nothing is done but to ask.

    A stranger's page can have it begin: no cookie is read, and where it may end is a closed list.
    """
    sent = request.values
    page = our_page(sent.get("target_link_uri", ""), current_deps().issuer)
    repeated = any(len(sent.getlist(name)) > 1 for name in INITIATION)
    if repeated or page is None or sent.get("iss") != current_deps().issuer:
        return error_page(PageError.BAD_REQUEST)
    return _sign_in(page, login_hint=sent.get("login_hint", ""))


@blueprint.get("/account/sessions")
def show_sessions() -> Response:
    """ "Mes connexions": every session, lasting access and agreement of this person."""
    session = find_session(current_deps(), session_cookie(request))
    if session is None:
        return _sign_in()
    return _page(session)


@blueprint.post("/account/sessions")
def change_sessions() -> Response:
    """One button of the page was pressed; its name says which, its value of what."""
    deps = current_deps()
    session = find_session(deps, session_cookie(request))
    if session is None:
        return _sign_in()
    if not check(request.form.get("form_token", ""), session.id, browser_cookie(request), FORM):
        return error_page(PageError.STALE_FORM)
    actor = person_actor(request, session.subject)
    if "end" in request.form:
        end_chosen_sessions(deps, actor, session, session_ids=request.form["end"].split()[:MOST_AT_ONCE])
    elif "take_back" in request.form:
        take_back(deps, actor, session, authorization_id=request.form["take_back"])
    elif "withdraw" in request.form:
        withdraw_consent(deps, actor, session, client_id=request.form["withdraw"])
    elif "end_others" in request.form:
        end_other_sessions(deps, actor, session)
    return see_other(url_for("account.show_sessions"))


@blueprint.get("/account/callback")
def come_back() -> Response:
    """Back from signing in to our own pages. The session is what counts; the code is left to expire."""
    if "code" in request.args:
        page = request.args.get("state", "")
        return see_other(page if page in OUR_PAGES else OUR_PAGES[0])
    return render_page("signed_out.html", confirmed=(), others=())


def _page(session: LiveSession) -> Response:
    browser_token = browser_cookie(request) or current_deps().random.token()
    page = render_page(
        "sessions.html",
        session=session,
        connections=list_connections(current_deps(), session),
        agreed_texts=agreed_texts,
        form_token=form_token(session.id, browser_token, FORM),
    )
    write_cookie(page, Cookie.BROWSER, browser_token)
    return page


def _sign_in(page: str = OUR_PAGES[0], *, login_hint: str = "") -> Response:
    """To /authorize, as a portal would. Nobody knows the verifier: the code is worth nothing to anyone."""
    deps = current_deps()
    parameters = {
        "client_id": GATEWAY_CLIENT_ID,
        "response_type": "code",
        "scope": "openid",
        "redirect_uri": f"{deps.issuer}/account/callback",
        "code_challenge": deps.random.token(32),
        "code_challenge_method": "S256",
        "state": page,
        **({"login_hint": login_hint} if login_hint else {}),
    }
    return see_other(f"{deps.issuer}/authorize?{urlencode(parameters)}")
