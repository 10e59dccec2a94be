"""« Annuler », on every step: the portal gets access_denied and the transaction is closed."""

from __future__ import annotations

from flask import Flask, Response, request

from idp.http.actors import anonymous_actor
from idp.http.csrf import BoundForm, form_token
from idp.http.deps import current_deps
from idp.http.page_errors import PageError
from idp.http.pages import error_page
from idp.http.transactions import Step, open_step, refusal_page, resume
from idp.usecases.sign_in.transactions import cancel_transaction


class CancelForm(BoundForm):
    """A button and nothing else; the template `cancel_form.html` writes it."""

    form_name = "cancel"


def register(app: Flask) -> None:
    """Add the address that the button posts to, and what its form needs."""
    app.add_url_rule("/cancel", "cancel", cancel, methods=["POST"])
    app.add_template_global(cancel_token)


def cancel_token(step: Step) -> str:
    """The token of this step's « Annuler »."""
    return form_token(step.scope.scope_id, step.scope.browser_token, CancelForm.form_name)


def cancel() -> Response:
    """Give up: /authorize/resume then tells the portal."""
    step = open_step(request)
    if isinstance(step, Response):
        return step
    if not CancelForm(step.scope, request.form).is_ours:
        return error_page(PageError.STALE_FORM, client=step.client)
    refusal = cancel_transaction(
        current_deps(), anonymous_actor(request), step.transaction.id, step.scope.browser_token
    )
    return refusal_page(refusal) if refusal else resume(step.transaction.id)
