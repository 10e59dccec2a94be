"""`/end-session`: signing out, asked by a portal or by the person (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Blueprint, Response, request, url_for
from werkzeug.datastructures import MultiDict

from idp.domain.portals.clients import Client
from idp.domain.portals.logout import LogoutHint, LogoutOutcome, LogoutPlan, plan_logout
from idp.domain.sign_in.sessions import LiveSession
from idp.http.actors import person_actor
from idp.http.cookies import Cookie, browser_cookie, clear_session_cookie, session_cookie, write_cookie
from idp.http.csrf import check, form_token
from idp.http.deps import current_deps
from idp.http.page_errors import PageError
from idp.http.pages import error_page, render_page
from idp.http.redirects import see_other
from idp.usecases.portals.clients import find_client
from idp.usecases.portals.logout import sign_out
from idp.usecases.portals.logout_deliveries import PortalAnswer
from idp.usecases.portals.logout_hints import find_cookieless_session, hints_at, read_logout_hint
from idp.usecases.sign_in.sessions import find_session

FORM = "sign_out"
SINGLE = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state", "logout_hint", "ui_locales")
blueprint = Blueprint("end_session", __name__)


@blueprint.post("/end-session")
def post_end_session() -> Response:
    """The same by POST: from another site it comes without our cookie (SameSite=Lax), so the browser comes again."""
    return see_other(url_for("end_session.get_end_session") + "?" + _query(request.form))


@blueprint.get("/end-session")
def get_end_session() -> Response:
    """Sign out at once when a portal shows who it speaks for; else ask the person first."""
    deps = current_deps()
    if any(len(request.args.getlist(name)) > 1 for name in SINGLE):
        return error_page(PageError.BAD_REQUEST)
    client_id = request.args.get("client_id", "")
    hint = read_logout_hint(deps, request.args.get("id_token_hint", ""), client_id)
    session = find_session(deps, session_cookie(request))
    if session is None and hint is not None:
        session = find_cookieless_session(deps, hint)
    plan = plan_logout(
        hint,
        post_logout_redirect_uri=request.args.get("post_logout_redirect_uri", ""),
        hint_is_for_this_person=hint is not None and (session is None or hints_at(deps, hint, session)),
    )
    client = hint.client if hint else find_client(deps, client_id)
    if session is None:
        return _left(client, plan, ())
    if plan.ask:
        return _ask(client, session)
    return _sign_out(client, plan, session, hint)


@blueprint.post("/end-session/confirmed")
def confirm_end_session() -> Response:
    """The person said yes. Nothing redirects from here: no portal has shown who it is.

    A form of another site brings no session cookie (SameSite=Lax), so nothing is believed of it: the browser comes
    again by GET, with its cookie, and is asked.
    """
    deps = current_deps()
    client = find_client(deps, request.form.get("client_id", ""))
    session = find_session(deps, session_cookie(request))
    if session is None:
        return see_other(url_for("end_session.get_end_session"))
    if not check(request.form.get("form_token", ""), session.id, browser_cookie(request), FORM):
        return error_page(PageError.STALE_FORM, client=client)
    return _sign_out(client, LogoutPlan(ask=False), session, None)


def _sign_out(client: Client | None, plan: LogoutPlan, session: LiveSession, hint: LogoutHint | None) -> Response:
    actor = person_actor(request, session.subject)
    answers = sign_out(current_deps(), actor, session, client_id=hint.client.client_id if hint else "")
    return _left(client, plan, answers)


def _left(client: Client | None, plan: LogoutPlan, answers: Sequence[PortalAnswer]) -> Response:
    """Back at the portal, or a page that says who confirmed and who did not."""
    if plan.redirect_to:
        response = see_other(_with_state(plan.redirect_to, request.args.get("state")))
    else:
        confirmed = [answer.name for answer in answers if answer.outcome is LogoutOutcome.CONFIRMED]
        others = [answer.name for answer in answers if answer.outcome is not LogoutOutcome.CONFIRMED]
        response = render_page("signed_out.html", client=client, confirmed=confirmed, others=others)
    if session_cookie(request):  # else the browser may have one that it was not allowed to send
        clear_session_cookie(response)
    return response


def _ask(client: Client | None, session: LiveSession) -> Response:
    browser_token = browser_cookie(request) or current_deps().random.token()
    token = form_token(session.id, browser_token, FORM)
    page = render_page("sign_out.html", client=client, session=session, form_token=token)
    write_cookie(page, Cookie.BROWSER, browser_token)
    return page


def _with_state(uri: str, state: str | None) -> str:
    """`state` comes back as it was sent, beside what the registered address holds already."""
    if state is None:
        return uri
    parts = urlsplit(uri)
    query = "&".join(filter(None, (parts.query, urlencode({"state": state}))))
    return urlunsplit(parts._replace(query=query))


def _query(form: MultiDict[str, str]) -> str:
    return urlencode([(name, value) for name, value in form.items(multi=True) if name in SINGLE])
