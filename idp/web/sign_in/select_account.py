"""`/select-account`: go on as who is signed in here, or as somebody else."""

from __future__ import annotations

from flask import Blueprint, Response, request

from idp.domain.sign_in.sessions import LiveSession
from idp.http.cookies import session_cookie
from idp.http.csrf import BoundForm, FormScope
from idp.http.deps import current_deps
from idp.http.page_errors import PageError
from idp.http.pages import error_page, render_page
from idp.http.transactions import Step, open_step, resume
from idp.usecases.sign_in.sessions import find_session
from idp.usecases.sign_in.transactions import select_account

blueprint = Blueprint("select_account", __name__)


class SelectAccountForm(BoundForm):
    """One button; the other way is a link to the sign-in page."""

    form_name = "select_account"


@blueprint.get("/select-account")
def show() -> Response:
    """The account of this browser's session, and the way to another."""
    step = open_step(request)
    if isinstance(step, Response):
        return step
    session = find_session(current_deps(), session_cookie(request))
    return account_page(step, session) if session else resume(step.transaction.id)


@blueprint.post("/select-account")
def choose() -> Response:
    """Go on as this one."""
    step = open_step(request)
    if isinstance(step, Response):
        return step
    session = find_session(current_deps(), session_cookie(request))
    if session is not None:
        if not SelectAccountForm(form_scope(step, session), request.form).is_ours:
            return error_page(PageError.STALE_FORM, client=step.client)
        select_account(current_deps(), step.transaction, session)
    return resume(step.transaction.id)


def form_scope(step: Step, session: LiveSession) -> FormScope:
    """Binds the button to the account that it names."""
    return FormScope(f"{step.scope.scope_id} {session.id}", step.scope.browser_token)


def account_page(step: Step, session: LiveSession) -> Response:
    """The page."""
    return render_page(
        "select_account.html",
        client=step.client,
        form_action=step.form_action,
        step=step,
        session=session,
        form=SelectAccountForm(form_scope(step, session)),
    )
