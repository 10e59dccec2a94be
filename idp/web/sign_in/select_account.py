"""`/select-account`: go on as who is signed in here, or as somebody else."""

from __future__ import annotations

from flask import Blueprint, Response, request

from idp.http.csrf import BoundForm
from idp.http.deps import current_deps
from idp.http.page_errors import PageError
from idp.http.pages import error_page
from idp.http.transactions import resume
from idp.usecases.sign_in.transactions import select_account
from idp.web.sign_in.signed_in_steps import SignedInStep, open_signed_in_step, signed_in_page

blueprint = Blueprint("select_account", __name__)


class SelectAccountForm(BoundForm):
    """One button; the other way is a link to the sign-in page."""

    form_name = "select_account"


@blueprint.get("/select-account")
def show() -> Response:
    """The account of this browser's session, and the way to another."""
    here = open_signed_in_step(request)
    return here if isinstance(here, Response) else account_page(here)


@blueprint.post("/select-account")
def choose() -> Response:
    """Go on as this one."""
    here = open_signed_in_step(request)
    if isinstance(here, Response):
        return here
    if not SelectAccountForm(here.scope, request.form).is_ours:
        return error_page(PageError.STALE_FORM, client=here.step.client)
    select_account(current_deps(), here.step.transaction, here.session)
    return resume(here.step.transaction.id)


def account_page(here: SignedInStep) -> Response:
    """The page."""
    return signed_in_page("select_account.html", here, SelectAccountForm(here.scope))
