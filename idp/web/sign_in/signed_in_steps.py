"""Steps for someone who is signed in already: the frame that choosing an account and consenting share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Request, Response

from idp.domain.sign_in.sessions import LiveSession
from idp.http.cookies import session_cookie
from idp.http.csrf import BoundForm, FormScope
from idp.http.deps import current_deps
from idp.http.pages import render_page
from idp.http.transactions import Step, open_step, resume
from idp.usecases.sign_in.sessions import find_session_of


@dataclass(frozen=True, slots=True)
class SignedInStep:
    """A step and the session it is about."""

    step: Step
    session: LiveSession

    @property
    def scope(self) -> FormScope:
        """Binds the buttons to the person they were shown to: another tab may have signed somebody else in since."""
        return FormScope(f"{self.step.scope.scope_id} {self.session.id}", self.step.scope.browser_token)


def open_signed_in_step(request: Request) -> SignedInStep | Response:
    """The step that `t` names and this browser's session; without one, back to the dispatcher."""
    step = open_step(request)
    if isinstance(step, Response):
        return step
    session = find_session_of(current_deps(), step.transaction.done, session_cookie(request))
    return SignedInStep(step, session) if session else resume(step.transaction.id)


def signed_in_page(template: str, here: SignedInStep, form: BoundForm, **context: Any) -> Response:
    """A page of such a step: who is signed in, and buttons bound to them."""
    step = here.step
    return render_page(
        template,
        client=step.client,
        form_action=step.form_action,
        step=step,
        session=here.session,
        form=form,
        **context,
    )
