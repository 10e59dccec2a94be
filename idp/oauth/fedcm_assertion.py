"""`/fedcm/assertion` and `/fedcm/disconnect`: what the browser asks with the person's cookie, for one page."""

from __future__ import annotations

from urllib.parse import urlencode

from authlib.oauth2 import OAuth2Error
from flask import Response, request

from idp.domain.portals.clients import Client
from idp.domain.portals.fedcm import FedcmRefusal, is_for_page, pushed_name
from idp.domain.portals.pushed_requests import is_pushed
from idp.domain.portals.requests import AuthorizationRequest
from idp.http.actors import anonymous_actor
from idp.http.deps import current_deps
from idp.http.login_status import session_digest
from idp.oauth.answers import to_response
from idp.oauth.authorization_parameters import AuthorizationParameters, authlib_request
from idp.oauth.browser_answers import token_of
from idp.oauth.fedcm_origins import asking_client, comes_from_browser, readable, refused
from idp.oauth.response_modes import SIGNED
from idp.oauth.server import current_server
from idp.usecases.portals.authorizations import Granted
from idp.usecases.portals.fedcm import GoOn, answer_browser, forget_client

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
    return readable(_answer(asked, origin), origin)


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


def _answer(asked: AuthorizationRequest, origin: str) -> Response:
    deps, actor, account_id = current_deps(), anonymous_actor(request), request.form.get("account_id", "")
    given = answer_browser(deps, actor, asked, session_digest(request), account_id)
    if isinstance(given, Granted):
        return to_response(200, {"token": token_of(asked.answered_by(given.code, deps.issuer))})
    if isinstance(given, GoOn):
        return to_response(200, {"continue_on": f"{deps.issuer}/authorize/resume?{urlencode({'t': given.handle})}"})
    return refused(given)


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
