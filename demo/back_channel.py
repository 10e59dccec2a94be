"""What machines call: the gateway's logout tokens, and the portal's own API with access tokens."""

from __future__ import annotations

import logging
import secrets
import time

from flask import Blueprint, current_app, jsonify, request
from werkzeug.wrappers import Response

from demo.here import gateway, here, place, store
from demo.resources import resource_for
from demo.tokens import Refused, check_access_token, check_logout_token, require, verified

log = logging.getLogger("demo")
pages = Blueprint("back_channel", __name__)


def protected_resource() -> Response:
    """An API that believes only access tokens addressed to it (RFC 6750, RFC 9068)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    try:
        claims = verified(token, gateway(), typ="at+jwt", algorithms=["ES256", "RS256"])
        check_access_token(claims, issuer=place().issuer, resource=here().resource(place().base_port))
        require(here().resource_scope in str(claims.get("scope", "")).split(), "scope")
    except Refused as reason:
        log.info("%s: access token refused: %s", here().client_id, reason)
        refusal = jsonify(error="invalid_token" if scheme else "missing_token")
        refusal.status_code = 401
        refusal.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"' if scheme else "Bearer"
        return refusal
    return jsonify(resource_for(here(), claims))


@pages.post("/backchannel-logout")
def backchannel_logout() -> Response:
    """The gateway says that a session ended: end ours (OpenID Connect Back-Channel Logout 1.0 section 2.5)."""
    try:
        claims = verified(
            request.form.get("logout_token", ""),
            gateway(),
            typ="logout+jwt",
            algorithms=["RS256", "PS256", "ES256", "EdDSA"],
        )
        check_logout_token(claims, issuer=place().issuer, client_id=here().client_id)
        spend(claims["jti"])
    except Refused as reason:
        log.info("%s: logout token refused: %s", here().client_id, reason)
        refusal = jsonify(error="invalid_request")
        refusal.status_code = 400
        refusal.headers["Cache-Control"] = "no-store"
        return refusal
    ended = store().end(sid=claims.get("sid", ""), subject=claims.get("sub", ""))
    log.info("%s: back-channel logout ended %d session(s)", here().client_id, ended)
    return Response(status=200, headers={"Cache-Control": "no-store"})


def spend(jti: str) -> None:
    """Accept each logout token once."""
    spent: dict[str, float] = current_app.extensions["spent_jti"]
    for old in [name for name, until in spent.items() if until < time.time()]:
        spent.pop(old, None)
    if spent.setdefault(jti, until := time.time() + 3600 + secrets.randbelow(1000) / 1e6) != until:
        raise Refused("jti was used")
