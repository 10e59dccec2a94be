"""/authorize/resume: where every step comes back to, and where a posted request is picked up."""

from __future__ import annotations

from flask import Blueprint, Response, request

from idp.domain.sign_in.transactions import RefusalReason, TransactionRefusal
from idp.http.actors import anonymous_actor
from idp.http.cookies import browser_cookie
from idp.http.deps import current_deps
from idp.http.transactions import refusal_page
from idp.oauth.authorization_parameters import AuthorizationParameters
from idp.oauth.authorize import begin, go_on
from idp.oauth.device_authorization import answers_a_device, go_on_for_device
from idp.usecases.sign_in.transactions import find_transaction, redeem_posted_request

blueprint = Blueprint("resume", __name__)


@blueprint.get("/authorize/resume")
def resume() -> Response:
    """Go on with the transaction, or begin with what was posted, that `t` names."""
    deps, name = current_deps(), request.args.get("t", "")
    found = find_transaction(deps, anonymous_actor(request), name, browser_cookie(request))
    if not isinstance(found, TransactionRefusal):
        return go_on_for_device(found) if answers_a_device(found) else go_on(found)
    if found.reason is RefusalReason.UNKNOWN:
        posted = redeem_posted_request(deps, name)
        if posted is not None:
            return begin(AuthorizationParameters.stored(posted))
    return refusal_page(found)
