"""POST /device_authorization (RFC 8628 section 3.1), and the way of the person's answer back to the device."""

from __future__ import annotations

from urllib.parse import urlencode

from authlib.oauth2.rfc6749 import OAuth2Error, UnauthorizedClientError
from flask import Response, request
from werkzeug.exceptions import TooManyRequests

from idp.domain.platform.instants import SECOND
from idp.domain.platform.limits import TooMany
from idp.domain.portals.clients import ClientAuthentication, GrantType
from idp.domain.portals.device_codes import DEVICE_PATH, shown_code
from idp.domain.portals.scopes import granted_scopes, known_scopes, words_of
from idp.domain.sign_in.journey import Answer, Ask
from idp.domain.sign_in.transactions import OpenTransaction
from idp.http.actors import anonymous_actor
from idp.http.cookies import session_cookie
from idp.http.deps import current_deps
from idp.http.page_errors import PageError
from idp.http.pages import error_page
from idp.http.redirects import see_other
from idp.oauth.answers import error_response, to_response
from idp.oauth.details import refuse_details
from idp.oauth.errors import InvalidTarget
from idp.oauth.grants import asked_resources
from idp.oauth.payloads import BodyRequest
from idp.oauth.server import current_server
from idp.usecases.portals.authorizations import decide_next
from idp.usecases.portals.clients import find_client
from idp.usecases.portals.device_authorizations import (
    approve_device,
    begin_device,
    deny_device,
    device_of,
    request_of,
)

STEPS = {Ask.SIGN_IN: "/sign-in", Ask.SELECT_ACCOUNT: "/select-account", Ask.CONSENT: "/consent"}


def device_authorization() -> Response:
    """Two codes, and the address that the person is sent to."""
    server = current_server()
    try:
        body = BodyRequest(request)
        client = server.authenticate_client(body, frozenset(ClientAuthentication), "device_authorization").entry
        if not client.may_use(GrantType.DEVICE_CODE):
            raise UnauthorizedClientError("The client is not registered for this grant type.")
        refuse_details(body)
        registry, resources = server.deps.registry(), asked_resources(body)
        for identifier in resources:
            found = registry.resource(identifier)
            if found is None or client.client_id not in found.clients:
                raise InvalidTarget("This client may not ask for this resource.")
    except OAuth2Error as error:
        return error_response(error)
    asked = words_of(body.payload.scope or "openid")
    scopes = granted_scopes(asked, client, known_scopes(registry), asks_consent=True)
    codes = begin_device(server.deps, anonymous_actor(request), client, scopes, resources)
    if isinstance(codes, TooMany):
        raise TooManyRequests(retry_after=codes.retry_after_seconds)
    address, shown = server.deps.issuer + DEVICE_PATH, shown_code(codes.user_code)
    answer = {
        "device_code": codes.device_code,
        "user_code": shown,
        "verification_uri": address,
        "verification_uri_complete": f"{address}?{urlencode({'user_code': shown})}",
        "expires_in": codes.expires_in // SECOND,
        "interval": codes.interval // SECOND,
    }
    return to_response(200, answer)


def answers_a_device(transaction: OpenTransaction) -> bool:
    """Whether this transaction was begun by the device page: no portal may be sent back there."""
    return transaction.request.get("redirect_uri") == current_deps().issuer + DEVICE_PATH


def go_on_for_device(transaction: OpenTransaction) -> Response:
    """The next step of the one journey, and at its end the answer that the device waits for."""
    deps, actor = current_deps(), anonymous_actor(request)
    device, client = device_of(deps, transaction.id), find_client(deps, transaction.client_id)
    if device is None or client is None or not client.may_use(GrantType.DEVICE_CODE):
        return error_page(PageError.UNKNOWN_DEVICE_CODE, client=client, status=410)
    asked = request_of(deps, device, client)
    match decide_next(deps, asked, transaction.done, session_cookie(request)):
        case Ask() as step:
            return see_other(f"{STEPS[step]}?{urlencode({'t': transaction.id, 'client_id': client.client_id})}")
        case Answer() as answer:
            done = approve_device(deps, actor, device, client, answer.session, transaction.id)
            outcome = "approved"
        case _:
            done, outcome = deny_device(deps, actor, device, transaction.id), "denied"
    if not done:
        return error_page(PageError.CLOSED_TRANSACTION, client=client, status=410)
    return see_other(f"{DEVICE_PATH}/{outcome}?{urlencode({'client_id': client.client_id})}")
