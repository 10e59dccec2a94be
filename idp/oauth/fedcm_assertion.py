"""`/fedcm/assertion` and `/fedcm/disconnect`: what the browser asks with the person's cookie, for one page."""

from __future__ import annotations

from urllib.parse import urlencode

from authlib.oauth2 import OAuth2Error
from flask import Response, request

from idp.domain.platform.limits import TooMany
from idp.domain.portals.clients import Client
from idp.domain.portals.fedcm import MARK, FedcmRefusal, is_for_page, pushed_name
from idp.domain.portals.pushed_requests import is_pushed
from idp.domain.portals.requests import AuthorizationRequest
from idp.domain.sign_in.assurance import Channel
from idp.domain.sign_in.journey import Answer, Refuse
from idp.domain.sign_in.sessions import LiveSession
from idp.http.actors import anonymous_actor
from idp.http.deps import current_deps
from idp.http.login_status import session_digest
from idp.oauth.answers import to_response
from idp.oauth.authorization_parameters import AuthorizationParameters, authlib_request
from idp.oauth.browser_answers import token_of
from idp.oauth.fedcm_origins import asking_client, comes_from_browser, readable, refused
from idp.oauth.response_modes import SIGNED
from idp.oauth.server import current_server
from idp.usecases.portals.authorizations import AlreadyAnswered, grant_authorization
from idp.usecases.portals.fedcm import decide_for_browser, forget_client
from idp.usecases.sign_in.transactions import keep_posted_request

NOT_FOR_YOU = FedcmRefusal.ACCESS_DENIED


def give_assertion() -> Response:
    """A code for the request that this page's back end pushed, in the token; or where the person is asked."""
    asking = asking_client(request.form.get("client_id", ""))
    if not comes_from_browser() or asking is None:
        return refused(NOT_FOR_YOU)
    client, origin = asking
    asked = pushed_request(client)
    if asked is None:
        return refused(FedcmRefusal.INVALID_REQUEST, reader=origin)
    if not is_for_page(client, asked.parameters, origin):
        return refused(NOT_FOR_YOU)
    return readable(_answer(asked), origin)


def pushed_request(client: Client) -> AuthorizationRequest | None:
    """What this client pushed under the name that its page sends, checked like at /authorize; None: nothing that an
    answer in plain words could be given to."""
    request_uri = pushed_name(request.form.get("params", ""))
    if not is_pushed(request_uri):
        return None
    sent = AuthorizationParameters([("client_id", client.client_id), ("request_uri", request_uri)])
    try:
        asked: AuthorizationRequest = current_server().get_consent_grant(authlib_request(sent)).asked
    except OAuth2Error:
        return None
    return None if asked.response_mode in SIGNED else asked


def _answer(asked: AuthorizationRequest) -> Response:
    account_id = request.form.get("account_id", "")
    match decide_for_browser(current_deps(), asked, session_digest(request), account_id):
        case Answer(session):
            return _with_code(asked, session)
        case Refuse() as refusal:
            return refused(refusal)
        case None:
            return _where_to_ask(asked)


def _with_code(asked: AuthorizationRequest, session: LiveSession) -> Response:
    deps, actor = current_deps(), anonymous_actor(request)
    granted = grant_authorization(deps, actor, asked, session, channel=Channel.FEDCM)
    if isinstance(granted, AlreadyAnswered):
        return refused(FedcmRefusal.INVALID_REQUEST)
    return to_response(200, {"token": token_of(asked.answered_by(granted.code, deps.issuer))})


def _where_to_ask(asked: AuthorizationRequest) -> Response:
    """The browser opens it at its top level, where the dispatcher goes on with what is kept, once."""
    deps = current_deps()
    kept = keep_posted_request(deps, anonymous_actor(request), {**asked.parameters, MARK: "yes"})
    if isinstance(kept, TooMany):
        return refused(FedcmRefusal.UNAVAILABLE)
    return to_response(200, {"continue_on": f"{deps.issuer}/authorize/resume?{urlencode({'t': kept})}"})


def disconnect() -> Response:
    """The page says that this person has left its client."""
    asking = asking_client(request.form.get("client_id", ""))
    if not comes_from_browser() or asking is None:
        return refused(NOT_FOR_YOU)
    client, origin = asking
    hint, digest = request.form.get("account_hint", ""), session_digest(request)
    name = forget_client(current_deps(), anonymous_actor(request), client, digest, hint)
    if not name:
        return refused(NOT_FOR_YOU, reader=origin)
    return readable(to_response(200, {"account_id": name}), origin)
