"""GET and POST /userinfo (OpenID Connect Core section 5.3, RFC 6750)."""

from __future__ import annotations

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error
from flask import Request, Response

from idp.domain.portals.dpop_proofs import ALGORITHMS
from idp.http.deps import current_request
from idp.http.limits import FORM
from idp.oauth.answers import error_response, to_response
from idp.oauth.cross_origin import answer_is_for
from idp.oauth.payloads import read_form
from idp.oauth.possession import InvalidDpopProof, UseDpopNonce, offer_nonce, presentation
from idp.oauth.server import current_server
from idp.oauth.well_known import RESOURCE
from idp.usecases.portals.identity_facts import UserinfoRefusal, tell_userinfo

DESCRIPTIONS = {
    UserinfoRefusal.INVALID_TOKEN: "The access token is invalid, expired, revoked or not addressed to this endpoint.",
    UserinfoRefusal.INSUFFICIENT_SCOPE: "The access token lacks the scope openid.",
    UserinfoRefusal.INVALID_DPOP_PROOF: InvalidDpopProof.description,
    UserinfoRefusal.USE_DPOP_NONCE: UseDpopNonce.description,
    UserinfoRefusal.INSUFFICIENT_USER_AUTHENTICATION: "The person must sign in again, or at a higher level.",
    UserinfoRefusal.NO_KEY: "No key of the client's JWK Set serves to encrypt the answer, or its jwks_uri gives none.",
}
STATUSES = {UserinfoRefusal.INSUFFICIENT_SCOPE: 403, UserinfoRefusal.NO_KEY: 400}
"""Every other is 401 (RFC 6750 section 3.1)."""
ALGS = " ".join(ALGORITHMS)
SCHEMES = ("bearer", "dpop")


def userinfo() -> Response:
    """The claims that the presented access token gives."""
    request = current_request()
    try:
        token = presented_token(request)
    except OAuth2Error as error:
        return challenged(error_response(error), f'error="{error.error}"')
    if not token:  # RFC 6750 section 3: no error code for whoever did not try
        return challenged(to_response(401, {"error": "invalid_token"}))
    deps, shown = current_server().deps, presentation(request)
    told = tell_userinfo(deps, token, shown)
    if shown.carries_nonce or told is UserinfoRefusal.USE_DPOP_NONCE:
        offer_nonce(deps)
    if isinstance(told, UserinfoRefusal):
        return refused(told)
    answer_is_for(told.client)
    return to_response(200, told.body, (("Content-Type", told.content_type), ("Cache-Control", "no-store")))


def refused(refusal: UserinfoRefusal) -> Response:
    """With what would do instead: the scope (RFC 6750 section 3), or the sign-in (RFC 9470 section 3)."""
    description = DESCRIPTIONS[refusal]
    instead = {
        UserinfoRefusal.INSUFFICIENT_SCOPE: ', scope="openid"',
        UserinfoRefusal.INSUFFICIENT_USER_AUTHENTICATION: current_server().deps.portal_rules.userinfo.challenge,
    }.get(refusal, "")
    body = {"error": refusal.value, "error_description": description}
    reason = f'error="{refusal}", error_description="{description}"{instead}'
    return challenged(to_response(STATUSES.get(refusal, 401), body), reason)


def presented_token(request: Request) -> str:
    """The token of the header or, on POST, of the form body; never of the query, which ends up in access logs.

    Raises:
        InvalidRequestError: sent in two ways at once, or the body cannot be read (RFC 6750 section 2).
    """
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    by_header = credentials.strip() if scheme.lower() in SCHEMES else ""
    by_body = ""
    if request.method == "POST" and request.mimetype == FORM:
        by_body = read_form(request).get("access_token", [""])[0]
    if by_header and by_body:
        raise InvalidRequestError("The access token was sent in two ways.")
    return by_header or by_body


def challenged(response: Response, reason: str = "") -> Response:
    """With the challenges that every refusal is answered with (RFC 6750 section 3, RFC 9449 section 7.1); the reason
    is told under the scheme that was tried."""
    tried = presentation(current_request()).scheme == "dpop"
    told = f", {reason}" if reason else ""
    here = f'resource_metadata="{current_server().deps.issuer}{RESOURCE}"'
    bearer = f'Bearer realm="userinfo"{"" if tried else told}, {here}'
    dpop = f'DPoP realm="userinfo"{told if tried else ""}, algs="{ALGS}", {here}'
    response.headers["WWW-Authenticate"] = f"{dpop}, {bearer}" if tried else f"{bearer}, {dpop}"
    return response
