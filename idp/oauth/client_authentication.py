"""Who is this client? RFC 6749 section 2.3, RFC 7523 section 2.2, OpenID Connect Core section 9.

One credential a request, and only by the method that the client is registered with: a client that registered a key
pair must not be impersonated by a leaked secret, nor a confidential one by leaving its secret out.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import unquote_plus

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError
from flask import Request
from flask import request as flask_request

from idp.domain.portals.authentication_methods import BY_CERTIFICATE, WIRED
from idp.domain.portals.client_proofs import ProofProblem, Unproven
from idp.domain.portals.clients import Client, ClientAuthentication
from idp.http.actors import anonymous_actor
from idp.oauth.clients import OAuthClient, matches_secret
from idp.oauth.possession import CERTIFICATE_HEADER
from idp.usecases.deps import Deps
from idp.usecases.portals.client_authentication import prove_by_assertion, record_failure
from idp.usecases.portals.client_certificates import prove_by_certificate
from idp.usecases.portals.clients import find_client

PROVEN = WIRED - {ClientAuthentication.NONE}
"""The methods that prove something."""
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Credential:
    """What a request offers as proof: by which method, for whom, and the secret in each spelling it may have."""

    method: ClientAuthentication
    claimed: str
    secrets: tuple[str, ...] = field(default=(), repr=False)
    assertion: str = field(default="", repr=False)


def authenticate(deps: Deps, authorization: str, form: Mapping[str, str]) -> OAuthClient:
    """The client that proved itself.

    Raises:
        InvalidClientError: nobody did; it was audited why.
        InvalidRequestError: more than one credential.
    """
    credential = read_credential(authorization, form)
    proven = credential if isinstance(credential, Unproven) else prove(deps, credential, flask_request)
    if isinstance(proven, Client) and form.get("client_id", proven.client_id) != proven.client_id:
        proven = Unproven(form["client_id"], ProofProblem.UNKNOWN_CLIENT)
    if isinstance(proven, Unproven):
        record_failure(deps, anonymous_actor(flask_request), proven)
        # The same words for every reason: whether a client exists is not for everyone to know.
        raise InvalidClientError("Client authentication failed.", status_code=401)
    return OAuthClient(proven)


def read_credential(authorization: str, form: Mapping[str, str]) -> Credential | Unproven:
    """The one credential of a request.

    Raises:
        InvalidRequestError: there are several (RFC 6749 section 2.3).
    """
    by_header = authorization[:6].lower() == "basic "
    by_secret, by_assertion = "client_secret" in form, "client_assertion" in form
    if by_header + by_secret + by_assertion > 1:
        raise InvalidRequestError("More than one client authentication method.")
    if by_header:
        return read_basic(authorization)
    claimed = form.get("client_id", "")
    if by_assertion:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            return Unproven(claimed, ProofProblem.UNREADABLE)
        return Credential(ClientAuthentication.PRIVATE_KEY_JWT, claimed, assertion=form["client_assertion"])
    if not claimed:
        return Unproven("", ProofProblem.NOTHING_SENT)
    if by_secret:
        return Credential(ClientAuthentication.SECRET_POST, claimed, (form["client_secret"],))
    return Credential(ClientAuthentication.NONE, claimed)


def read_basic(authorization: str) -> Credential | Unproven:
    """RFC 6749 section 2.3.1 form-encodes both halves; many clients do not, so the secret counts in both spellings."""
    try:
        name, colon, secret = b64decode(authorization[6:].strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return Unproven("", ProofProblem.UNREADABLE)
    claimed = unquote_plus(name)
    if not colon or "\0" in claimed:
        return Unproven("", ProofProblem.UNREADABLE)
    return Credential(ClientAuthentication.SECRET_BASIC, claimed, (secret, unquote_plus(secret)))


def prove(deps: Deps, credential: Credential, request: Request) -> Client | Unproven:
    """The client whose credential this is, sent with this request."""
    if credential.method is ClientAuthentication.PRIVATE_KEY_JWT:
        return prove_by_assertion(deps, credential.assertion, request.path)
    client = find_client(deps, credential.claimed)
    if client is None:
        return Unproven(credential.claimed, ProofProblem.UNKNOWN_CLIENT)
    if credential.method is ClientAuthentication.NONE and client.token_endpoint_auth_method in BY_CERTIFICATE:
        credential = replace(credential, method=client.token_endpoint_auth_method)
    if client.token_endpoint_auth_method is not credential.method:
        return Unproven(credential.claimed, ProofProblem.OTHER_METHOD)
    if credential.method not in client.rules.client_authentication:
        return Unproven(credential.claimed, ProofProblem.PROFILE)
    if credential.method in BY_CERTIFICATE:
        return prove_by_certificate(deps, client, request.headers.get(CERTIFICATE_HEADER, ""))
    if credential.method is not ClientAuthentication.NONE and not matches_secret(client, credential.secrets):
        return Unproven(credential.claimed, ProofProblem.WRONG_SECRET)
    return client
