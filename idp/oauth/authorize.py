"""/authorize: from a request to its answer, or to the page where a person must be asked something.

Steps come back to /authorize/resume (resume.py), which ends here too: one dispatcher decides.
"""

from __future__ import annotations

from typing import cast

from authlib.oauth2 import OAuth2Error
from authlib.oidc.core.errors import InvalidRequestObjectError, InvalidRequestURIError
from flask import Blueprint, Response

from idp.domain.platform.limits import TooMany
from idp.domain.portals.requests import AuthorizationRequest
from idp.domain.sign_in.assurance import Channel
from idp.domain.sign_in.journey import Answer, Ask, Done, Refuse
from idp.domain.sign_in.transactions import OpenTransaction
from idp.http.actors import anonymous_actor
from idp.http.cookies import ensure_browser_cookie, session_cookie
from idp.http.deps import current_deps, current_extensions, current_request
from idp.http.languages import use_ui_locales
from idp.http.page_errors import PageError
from idp.http.pages import error_page
from idp.http.redirects import query_of, see_other
from idp.oauth.authorization_parameters import AuthorizationParameters, authlib_request
from idp.oauth.browser_answers import closed, resolved
from idp.oauth.checked_requests import CheckedRequests
from idp.oauth.errors import Refused, TemporarilyUnavailable
from idp.oauth.response_modes import respond
from idp.oauth.server import current_server
from idp.usecases.portals.authorizations import (
    AlreadyAnswered,
    Granted,
    Outcome,
    answer_transaction,
    decide_next,
    grant_authorization,
)
from idp.usecases.portals.clients import find_client
from idp.usecases.sign_in.transactions import begin_transaction, keep_posted_request

CHECKED = "mire.checked_requests"
STEPS = {Ask.SIGN_IN: "/sign-in", Ask.SELECT_ACCOUNT: "/select-account", Ask.CONSENT: "/consent"}
"""Doors meet by address, not by import."""


blueprint = Blueprint("authorize", __name__)


@blueprint.get("/authorize")
def authorize() -> Response:
    """GET: the request is in the query."""
    return begin(AuthorizationParameters(current_request().args.items(multi=True)))


@blueprint.post("/authorize")
def authorize_by_post() -> Response:
    """POST: the request is in the body, kept for the browser to come back with a GET.

    A form of another site sends no SameSite=Lax cookie, so here none is read, and none is set: it would replace the
    one this browser has.
    """
    parameters = AuthorizationParameters(current_request().form.items(multi=True))
    asked = check(parameters)
    if isinstance(asked, Response):
        return asked
    handle = keep_posted_request(current_deps(), anonymous_actor(current_request()), asked.parameters)
    if isinstance(handle, TooMany):
        return too_many(asked, parameters)
    return see_other(address("/authorize/resume", t=handle))


def begin(parameters: AuthorizationParameters) -> Response:
    """Answer a request that has no transaction yet; one is begun only when a person must be asked."""
    asked = check(parameters)
    if isinstance(asked, Response):
        return asked
    match decide_next(current_deps(), asked, Done(), session_cookie(current_request())):
        case Answer(session):
            actor, channel = anonymous_actor(current_request()), Channel.FEDCM if asked.for_browser else ""
            return told(asked, grant_authorization(current_deps(), actor, asked, session, channel=channel))
        case Ask() as step:
            return ask(asked, step)
        case Refuse() as refusal:
            return tell(Refused(refusal, asked.redirect_uri), AuthorizationParameters.stored(asked.parameters))


def go_on(transaction: OpenTransaction, session_token: str) -> Response:
    """Answer the request of a transaction, checked again: the registry may have changed since. `session_token`: of the
    session that this browser has, or ""."""
    asked = check_again(transaction)
    if isinstance(asked, Response):
        return asked
    actor = anonymous_actor(current_request())
    return told(asked, answer_transaction(current_deps(), actor, asked, transaction, session_token), transaction.id)


def told(asked: AuthorizationRequest, outcome: Outcome, transaction_id: str = "") -> Response:
    """The outcome as the browser hears of it."""
    if not isinstance(outcome, Ask):
        checked_requests().forget(transaction_id)
    match outcome:
        case Granted() as granted:
            return give_code(asked, granted)
        case Ask() as step:
            return see_other(address(STEPS[step], t=transaction_id, client_id=asked.client.client_id))
        case Refuse() as refusal:
            return tell(Refused(refusal, asked.redirect_uri), AuthorizationParameters.stored(asked.parameters))
        case AlreadyAnswered():
            return already_answered(asked)


def check(parameters: AuthorizationParameters) -> AuthorizationRequest | Response:
    """The request, or what is answered to a wrong one. From here on pages speak the language that it asks for."""
    use_ui_locales(parameters.one("ui_locales"))
    sent = authlib_request(parameters)
    try:
        grant = current_server().get_consent_grant(sent)
    except OAuth2Error as error:
        return tell(error, sent.payload)  # which by then may be those of an object, or pushed
    asked: AuthorizationRequest = grant.asked
    use_ui_locales(asked.ui_locales)
    return asked


def check_again(transaction: OpenTransaction) -> AuthorizationRequest | Response:
    """The same for a transaction: the registry may have changed since it was begun."""
    registry, checked = current_deps().registry(), checked_requests()
    known = checked.find(transaction.id, registry)
    if known is not None:
        use_ui_locales(known.ui_locales)
        return known
    asked = check(AuthorizationParameters.stored(transaction.request))
    if not isinstance(asked, Response):
        checked.keep(transaction.id, asked, registry)
    return asked


def checked_requests() -> CheckedRequests:
    """Of this process."""
    return cast(CheckedRequests, current_extensions()[CHECKED])


def give_code(asked: AuthorizationRequest, granted: Granted) -> Response:
    """The code, at the redirect URI."""
    members = asked.answered_by(granted.code, current_deps().issuer)
    if asked.for_browser:
        return resolved(asked.client, members, granted.session)
    return respond(asked.response_mode, asked.redirect_uri, members, client=asked.client)


def ask(asked: AuthorizationRequest, step: Ask) -> Response:
    """Begin a transaction of this browser, and send it to the page of its first step."""
    response, request = Response(status=303), current_request()
    browser = ensure_browser_cookie(response, request)
    client_id = asked.client.client_id
    deps = current_deps()
    registry = deps.registry()
    begun = begin_transaction(deps, anonymous_actor(request), client_id, asked.parameters, browser)
    if isinstance(begun, TooMany):
        return too_many(asked, AuthorizationParameters.stored(asked.parameters))
    checked_requests().keep(begun.id, asked, registry)
    response.headers["Location"] = address(STEPS[step], t=begun.id, client_id=client_id)
    return response


def tell(error: OAuth2Error, parameters: AuthorizationParameters) -> Response:
    """The error at the redirect URI when that can be trusted; else a page, in the client's theme when that is known."""
    deps = current_deps()
    client = find_client(deps, parameters.one("client_id"))
    if client is None:
        return error_page(PageError.UNKNOWN_CLIENT)
    if not error.redirect_uri and isinstance(error, InvalidRequestURIError | InvalidRequestObjectError):
        return error_page(PageError.UNTRUSTED_REQUEST, client=client)
    if not error.redirect_uri:
        return error_page(PageError.UNTRUSTED_REDIRECT, client=client)
    if parameters.for_browser:
        return closed(client)
    members = {"error": error.error}
    if error.description:
        members["error_description"] = error.description
    if parameters.one("state") and "state" not in parameters.repeated:
        members["state"] = parameters.one("state")
    return respond(parameters.response_mode, error.redirect_uri, members | {"iss": deps.issuer}, client=client)


def too_many(asked: AuthorizationRequest, parameters: AuthorizationParameters) -> Response:
    """This network has begun too many: told at the redirect URI, nothing stored."""
    return tell(TemporarilyUnavailable(redirect_uri=asked.redirect_uri), parameters)


def already_answered(asked: AuthorizationRequest) -> Response:
    """Another tab was faster; starting again at the portal finds the session."""
    return error_page(PageError.CLOSED_TRANSACTION, client=asked.client, status=410)


def address(path: str, **query: str) -> str:
    """A page of ours. `client_id` beside `t` is for the day when the transaction is forgotten and its page, kept as a
    bookmark, must still say where to start again."""
    return f"{path}?{query_of(query)}"
