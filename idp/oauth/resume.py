"""/authorize/resume: where every step comes back to, and where a posted request is picked up."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response

from idp.domain.portals.clients import ResponseMode
from idp.domain.portals.requests import AuthorizationRequest
from idp.domain.sign_in.transactions import OpenTransaction, RefusalReason, TransactionRefusal
from idp.http.actors import anonymous_actor
from idp.http.cookies import browser_cookie, session_cookie
from idp.http.deps import current_deps, current_request
from idp.http.transactions import refusal_page
from idp.oauth.authorization_parameters import AuthorizationParameters
from idp.oauth.authorize import begin, check_again, go_on, told
from idp.oauth.device_authorization import answers_a_device, go_on_for_device
from idp.usecases.portals.authorizations import Answering
from idp.usecases.sign_in.transactions import find_transaction, redeem_posted_request

blueprint = Blueprint("resume", __name__)

REDIRECTS = {
    ResponseMode.QUERY,
    ResponseMode.FRAGMENT,
    ResponseMode.JWT,
    ResponseMode.QUERY_JWT,
    ResponseMode.FRAGMENT_JWT,
}
"""The modes whose answer is an address; of the others it is a page."""


@blueprint.get("/authorize/resume")
def resume() -> Response:
    """Go on with the transaction, or begin with what was posted, that `t` names."""
    deps, request = current_deps(), current_request()
    name = request.args.get("t", "")
    found = find_transaction(deps, anonymous_actor(request), name, browser_cookie(request))
    if not isinstance(found, TransactionRefusal):
        return go_on_for_device(found) if answers_a_device(found) else go_on(found, session_cookie(request))
    if found.reason is RefusalReason.UNKNOWN:
        posted = redeem_posted_request(deps, name)
        if posted is not None:
            return begin(AuthorizationParameters.stored(posted))
    return refusal_page(found)


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What /authorize/resume would answer, as the answer to a step's own post: one way to and fro less."""

    asked: AuthorizationRequest
    then: Answering

    def response(self) -> Response | None:
        """None: it has come to nothing, and the browser is to hear of that there."""
        return told(self.asked, self.then.outcome, self.then.transaction_id) if self.then.outcome else None


def dispatch(transaction: OpenTransaction) -> Dispatched | None:
    """For a step that is about to open a session. None where a page would be the answer (loading that again would post
    the step again), or an error."""
    if answers_a_device(transaction):
        return None
    asked = check_again(transaction)
    if isinstance(asked, Response) or asked.for_browser or asked.response_mode not in REDIRECTS:
        return None
    return Dispatched(asked, Answering.of(current_deps(), asked, transaction.id))
