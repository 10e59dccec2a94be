"""POST /widget/message: the answer to a framed sign-in that ends with a message (`response_mode=web_message`).

Only our own frame asks, with the ticket that it was given; it hands the answer to the one page that frames it.
"""

from __future__ import annotations

from flask import Response, request
from flask_babel import gettext

from idp.domain.portals.clients import ResponseMode
from idp.domain.portals.widgets import Completion
from idp.domain.sign_in.browser_labels import browser_label
from idp.domain.sign_in.journey import Answer
from idp.domain.sign_in.transactions import OpenTransaction
from idp.http.actors import anonymous_actor
from idp.http.deps import current_deps
from idp.http.framing import FramedStep, expired, frame_answer, open_framed_step, sent_by_frame
from idp.oauth.authorization_parameters import AuthorizationParameters
from idp.oauth.authorize import check
from idp.usecases.deps import Deps
from idp.usecases.portals.authorizations import Granted, decide_next, grant_authorization
from idp.usecases.sign_in.hand_over import complete_hand_over, take_hand_over
from idp.usecases.sign_in.transactions import handed_over_transaction

LONGEST_TICKET = 64


def message() -> Response:
    """The code with its state and issuer; or that a page of ours must ask something first."""
    deps, sent = current_deps(), sent_by_frame(request)
    if sent is None:
        return expired("sender")
    framed = open_framed_step(request, sent.get("tx", ""))
    if framed is None or not ends_with_message(framed):
        return expired("tx")  # nothing is spent by it
    taken = signed_in(deps, sent.get("ticket", "")[:LONGEST_TICKET], framed.step.scope.browser_token)
    if taken is None:
        return expired("ticket")
    asked = check(AuthorizationParameters.stored(taken.request))
    following = None if isinstance(asked, Response) else decide_next(deps, asked, taken.done, "")
    if isinstance(asked, Response) or not isinstance(following, Answer):
        message = gettext("Une étape de plus est nécessaire : ouvrez la connexion dans une page séparée.")
        return frame_answer(status="top", error="interaction_required", message=message)
    actor = anonymous_actor(request)
    granted = grant_authorization(deps, actor, asked, following.session, transaction_id=taken.id)
    if not isinstance(granted, Granted):
        return expired("request")
    return frame_answer(status="ok", response={"code": granted.code, "state": asked.state, "iss": deps.issuer})


def signed_in(deps: Deps, ticket: str, frame_secret: str) -> OpenTransaction | None:
    """Spend the ticket of this frame: its transaction, with a session that no cookie names. None: it is not good."""
    actor = anonymous_actor(request)
    taken = take_hand_over(deps, actor, ticket, frame_secret=frame_secret)
    if taken is None:
        return None
    label = browser_label(request.headers.get("User-Agent", ""))
    begun = complete_hand_over(deps, actor, transaction_id=taken.transaction_id, browser_label=label, keep=None)
    return handed_over_transaction(deps, taken.transaction_id) if begun else None


def ends_with_message(framed: FramedStep) -> bool:
    """As its back end asked, and as its client still may."""
    widget = framed.client.widget
    asked = framed.transaction.request.get("response_mode") == ResponseMode.WEB_MESSAGE
    return asked and bool(framed.origin) and widget is not None and widget.completion is Completion.MESSAGE
