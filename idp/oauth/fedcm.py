"""FedCM's addresses (https://w3c-fedid.github.io/FedCM/#idp-api): ready ones, the account, the client, signing in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, request

from idp.domain.platform.instants import SECOND
from idp.domain.portals import fedcm as addresses
from idp.domain.portals.fedcm import configuration, web_identity
from idp.http.cookies import session_cookie
from idp.http.deps import current_deps
from idp.http.login_status import note_signed_in, session_digest
from idp.http.ready_bytes import ReadyAnswer, ready_answer, serve_ready
from idp.http.redirects import see_other
from idp.oauth.answers import to_response
from idp.oauth.browser_answers import closed
from idp.oauth.fedcm_assertion import NOT_FOR_YOU, disconnect, give_assertion
from idp.oauth.fedcm_origins import asking_client, comes_from_browser, readable, refused
from idp.usecases.deps import Deps
from idp.usecases.portals.fedcm import offered_account
from idp.usecases.sign_in.sessions import find_session


def register(app: Flask, deps: Deps) -> None:
    """Add every address of FedCM. They answer always: what a browser may have there is each client's `fedcm`."""
    for path, document in ((addresses.WELL_KNOWN, web_identity), (addresses.CONFIG, configuration)):
        serve_ready(app, path, cache(lambda document=document: _ready(deps, document(deps.issuer))))
    app.add_url_rule(addresses.ACCOUNTS, view_func=show_accounts, methods=["GET"])
    app.add_url_rule(addresses.CLIENT, view_func=show_client, methods=["GET"])
    app.add_url_rule(addresses.ASSERTION, view_func=give_assertion, methods=["POST"])
    app.add_url_rule(addresses.DISCONNECT, "fedcm_disconnect", disconnect, methods=["POST"])
    app.add_url_rule(addresses.LOGIN, "fedcm_login", sign_in, methods=["GET"])


def _ready(deps: Deps, document: Mapping[str, Any]) -> ReadyAnswer:
    secure, cache_control = deps.issuer.startswith("https://"), f"public, max-age={deps.lifetimes.jwks_cache // SECOND}"
    body = json.dumps(document, separators=(",", ":")).encode()
    return ready_answer(body, "application/json", cache_control, secure=secure, public=True)


def show_accounts() -> Response:
    """Who is signed in in this browser, told to the browser alone."""
    if not comes_from_browser():
        return refused(NOT_FOR_YOU)
    found = offered_account(current_deps(), session_digest(request))
    if found is None:
        return refused("login_required", status=401)
    response = to_response(200, {"accounts": [found]})
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def show_client() -> Response:
    """Where a client says what it does with what it learns. No cookie comes along, and nothing of a person is told."""
    asking = asking_client(request.args.get("client_id", ""))
    if asking is None:
        return refused(NOT_FOR_YOU)
    client, origin = asking
    said = {"privacy_policy_url": client.policy_uri, "terms_of_service_url": client.tos_uri}
    answer = to_response(200, {name: value for name, value in said.items() if value})
    return readable(answer, origin, with_cookies=False)


def sign_in() -> Response:
    """Where the browser sends somebody whom it may not offer yet; signed in, its dialogue goes on."""
    deps, token = current_deps(), session_cookie(request)
    if find_session(deps, token) is None:
        asked = {"iss": deps.issuer, "target_link_uri": deps.issuer + addresses.LOGIN}
        hint = request.args.get("login_hint", "")
        return see_other("/account/login?" + urlencode({**asked, **({"login_hint": hint} if hint else {})}))
    response = closed()
    note_signed_in(response, token)
    return response
