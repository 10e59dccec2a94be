"""From the frame to the browser's top level: `/widget/handover`, `/widget/continue` and `/widget/page`."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, request

from idp.domain.portals.clients import Client
from idp.domain.sign_in.browser_labels import browser_label
from idp.domain.sign_in.sessions import LiveSession
from idp.http.actors import anonymous_actor
from idp.http.cookies import (
    browser_cookie,
    device_cookie,
    ensure_browser_cookie,
    forget_seen,
    has_seen_us,
    session_cookie,
    set_device_cookie,
    set_seen_cookie,
    set_session_cookie,
)
from idp.http.csrf import BoundForm, FormScope
from idp.http.deps import current_deps
from idp.http.framing import open_framed_step
from idp.http.page_errors import PageError
from idp.http.pages import error_page, render_page
from idp.http.partners import partner_named
from idp.http.redirects import see_other
from idp.http.transactions import Step, open_step, resume
from idp.usecases.sign_in.framed import leave_frame
from idp.usecases.sign_in.hand_over import (
    BrowserCookies,
    HandOverRow,
    complete_hand_over,
    pending_hand_over,
    refuse_hand_over,
    take_hand_over,
)
from idp.usecases.sign_in.sessions import find_session

blueprint = Blueprint("widget_handover", __name__)
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin"}
LONGEST_TICKET = 64


class ContinueForm(BoundForm):
    """Two buttons: `keep` is yes or no. Bound to the person whom the page names."""

    form_name = "widget_continue"


@blueprint.get("/widget/page")
def page() -> Response:
    """The same sign-in as a page of its own: with a session of this browser, nothing is asked."""
    framed = open_framed_step(request, request.args.get("tx", ""))
    if framed is None:
        client = partner_named(request.args.get("client_id", ""))
        return error_page(PageError.UNKNOWN_TRANSACTION, client=client, status=404)
    response = resume(framed.transaction.id)
    browser = ensure_browser_cookie(response, request)
    if not leave_frame(current_deps(), framed.transaction.id, framed.step.scope.browser_token, browser):
        return error_page(PageError.CLOSED_TRANSACTION, client=framed.client, status=410)
    return response


@blueprint.post("/widget/handover")
def hand_over() -> Response:
    """Spend the ticket of our own frame: only a document of ours may bring one, or else anybody could sign somebody
    in as themselves (login CSRF)."""
    deps, actor = current_deps(), anonymous_actor(request)
    if not is_our_navigation():
        refuse_hand_over(deps, actor, "origin")
        return error_page(PageError.UNKNOWN_TRANSACTION, client=named_partner(), status=403)
    response = see_other("")
    browser = ensure_browser_cookie(response, request)
    taken = take_hand_over(deps, actor, request.form.get("ticket", "")[:LONGEST_TICKET], browser_token=browser)
    if taken is None:
        return error_page(PageError.EXPIRED_TRANSACTION, client=named_partner(), status=403)
    if not has_seen_us(request) or somebody_else(taken):
        named = {"t": taken.transaction_id, "client_id": taken.client_id}
        response.headers["Location"] = "/widget/continue?" + urlencode(named)
        return response
    return finish(response, taken.transaction_id, keep=True)


def named_partner() -> Client | None:
    """Where to start again: it chooses among addresses that portals registered, and nothing else."""
    return partner_named(request.form.get("client_id", ""))


def is_our_navigation() -> bool:
    """A form of ours, at the top level. Every browser that shows the frame says so."""
    ours = request.headers.get("Origin") == current_deps().issuer
    return ours and all(request.headers.get(name) == value for name, value in NAVIGATION.items())


def somebody_else(taken: HandOverRow) -> LiveSession | None:
    """The session of another person in this browser, which this sign-in would end."""
    session = find_session(current_deps(), session_cookie(request))
    return session if session and session.account_id != taken.account_id else None


@blueprint.get("/widget/continue")
def show() -> Response:
    """Who is about to be signed in, at whose address: a click here is what browsers keep our session for."""
    step = open_step(request)
    if isinstance(step, Response):
        return step
    pending = pending_hand_over(current_deps(), step.transaction.id)
    return resume(step.transaction.id) if pending is None else continue_page(step, pending, somebody_else(pending))


@blueprint.post("/widget/continue")
def go_on() -> Response:
    """Keep a session in this browser, or sign in at this one portal only."""
    step = open_step(request)
    if isinstance(step, Response):
        return step
    pending = pending_hand_over(current_deps(), step.transaction.id)
    if pending is None:
        return resume(step.transaction.id)
    other = somebody_else(pending)
    if not ContinueForm(scope_of(step, pending, other), request.form).is_ours:
        return continue_page(step, pending, other)  # somebody else has signed in here since, or it is not our form
    keep = request.form.get("keep") != "no"
    response = finish(see_other(""), step.transaction.id, keep=keep)
    if keep:
        set_seen_cookie(response)
    else:
        forget_seen(response)  # whoever is next at this computer is asked too
    return response


def finish(response: Response, transaction_id: str, *, keep: bool) -> Response:
    """The session, and what is next, which is for the dispatcher to say."""
    cookies = BrowserCookies(session_cookie(request), device_cookie(request)) if keep else None
    done = complete_hand_over(
        current_deps(),
        anonymous_actor(request),
        transaction_id=transaction_id,
        browser_label=browser_label(request.headers.get("User-Agent", "")),
        keep=cookies,
    )
    if done is not None and keep:
        set_session_cookie(response, done.session_token)
        set_device_cookie(response, done.device_token)
    response.headers["Location"] = resume(transaction_id).headers["Location"]
    return response


def scope_of(step: Step, pending: HandOverRow, other: LiveSession | None) -> FormScope:
    """Of this transaction, person and browser, and of the session that the page said would end."""
    replaced = other.id if other else ""
    return FormScope(f"{step.transaction.id} {pending.subject} {replaced}", browser_cookie(request))


def continue_page(step: Step, pending: HandOverRow, other: LiveSession | None) -> Response:
    """The page; it says when somebody else is signed in here, whose session would end."""
    return render_page(
        "widget_continue.html",
        client=step.client,
        form_action=step.form_action,
        step=step,
        person=pending,
        other=other,
        form=ContinueForm(scope_of(step, pending, other)),
    )
