"""POST /widget/message: the answer to a framed sign-in that ends with a message (`response_mode=web_message`).

Only our own frame asks, with the ticket that it was given; it hands the answer to the one page that frames it.
"""

from __future__ import annotations

from flask import Response, request

from idp.domain.portals.clients import ResponseMode
from idp.domain.portals.widgets import Completion, framing_origin
from idp.domain.sign_in.browser_labels import browser_label
from idp.domain.sign_in.journey import Answer
from idp.domain.sign_in.transactions import OpenTransaction
from idp.http.actors import anonymous_actor
from idp.http.deps import current_deps
from idp.http.framing import expired, frame_answer, sent_by_frame
from idp.oauth.authorization_parameters import AuthorizationParameters
from idp.oauth.authorize import check
from idp.usecases.deps import Deps
from idp.usecases.portals.authorizations import Granted, decide_next, grant_authorization
from idp.usecases.portals.clients import find_client
from idp.usecases.sign_in.hand_over import complete_hand_over, take_hand_over
from idp.usecases.sign_in.transactions import handed_over_transaction

LONGEST_TICKET = 64


def message() -> Response:
    """The code with its state and issuer; or that a page of ours must ask something first."""
    deps, sent = current_deps(), sent_by_frame(request)
    if sent is None:
        return expired()
    taken = signed_in(deps, sent.get("ticket", "")[:LONGEST_TICKET])
    if taken is None or not ends_with_message(taken):
        return expired()
    asked = check(AuthorizationParameters.stored(taken.request))
    if isinstance(asked, Response):
        return frame_answer(status="top", error="interaction_required")
    following = decide_next(deps, asked, taken.done, "")
    if not isinstance(following, Answer):
        return frame_answer(status="top", error="interaction_required")
    actor = anonymous_actor(request)
    granted = grant_authorization(deps, actor, asked, following.session, transaction_id=taken.id)
    if not isinstance(granted, Granted):
        return expired()
    return frame_answer(status="ok", response={"code": granted.code, "state": asked.state, "iss": deps.issuer})


def signed_in(deps: Deps, ticket: str) -> OpenTransaction | None:
    """Spend the ticket: its transaction, with a session that no cookie names. None: it is not good."""
    actor = anonymous_actor(request)
    taken = take_hand_over(deps, actor, ticket)
    if taken is None:
        return None
    label = browser_label(request.headers.get("User-Agent", ""))
    begun = complete_hand_over(deps, actor, transaction_id=taken.transaction_id, browser_label=label, keep=None)
    return handed_over_transaction(deps, taken.transaction_id) if begun else None


def ends_with_message(taken: OpenTransaction) -> bool:
    """As its back end asked, and as its client still may."""
    client = find_client(current_deps(), taken.client_id)
    widget = client.widget if client else None
    allowed = widget is not None and widget.completion is Completion.MESSAGE
    asked = taken.request.get("response_mode") == ResponseMode.WEB_MESSAGE
    return allowed and asked and bool(framing_origin(widget, taken.request))
