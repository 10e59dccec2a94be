"""What an authorization request must be: one small function a check, run in the order of one table.

Owns the reading of every parameter once client and redirect URI are trusted. Does not own that trust
(authorization_grant.py) nor what happens next (authorize.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749 import (
    InvalidRequestError,
    InvalidScopeError,
    UnauthorizedClientError,
    UnsupportedResponseTypeError,
)
from authlib.oidc.core.errors import RegistrationNotSupportedError

from idp.domain.portals.clients import Client, ClientRegistry, GrantType, ResponseMode
from idp.domain.portals.requests import (
    AuthorizationRequest,
    InvalidClaimsRequest,
    Prompt,
    SubjectHint,
    parse_claims_request,
)
from idp.domain.portals.scopes import granted_scopes, known_scopes, words_of
from idp.domain.portals.tokens import ID_TOKEN_TYPE
from idp.domain.portals.widgets import NEEDED
from idp.oauth.authorization_parameters import RESPONSE_MODES, AuthorizationParameters
from idp.oauth.details import read_details
from idp.oauth.errors import InvalidTarget
from idp.oauth.response_modes import SIGNED, is_for_widget, takes_messages
from idp.usecases.deps import Deps
from idp.usecases.portals.clients import find_client
from idp.usecases.portals.encrypting import can_encrypt

LONGEST = {
    "state": 1_024, "nonce": 1_024, "scope": 2_048, "login_hint": 512, "id_token_hint": 8_192, "acr_values": 512,
    "claims": 8_192, "ui_locales": 256, "display": 16, "prompt": 64, "code_challenge": 128, "widget_origin": 255,
}  # fmt: skip
S256_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
PROMPTS = frozenset(Prompt)
SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a check looks at."""

    parameters: AuthorizationParameters
    client: Client
    registry: ClientRegistry
    deps: Deps

    def one(self, name: str) -> str:
        """The parameter's value, or ""."""
        return self.parameters.first.get(name, "")


Read = Mapping[str, Any]
"""Fields of AuthorizationRequest that a check has read."""
Check = Callable[[Asked], Read]
NOTHING: Read = {}


def once_each(asked: Asked) -> Read:
    """No parameter is repeated but resource and audience (RFC 6749 section 3.1)."""
    if asked.parameters.repeated:
        raise InvalidRequestError("A parameter is repeated.")
    return NOTHING


def sizes(asked: Asked) -> Read:
    """No parameter is longer than what we keep of it."""
    for name, value in asked.parameters.first.items():
        if len(value) > LONGEST.get(name, len(value)):
            raise InvalidRequestError(f"The parameter {name} is too long.")
    return {name: asked.one(name) for name in ("state", "nonce", "login_hint", "ui_locales")}


def came_as_demanded(asked: Asked) -> Read:
    """Pushed, or signed, where client, profile or server demand it (RFC 9126 section 5, RFC 9101 section 10.5)."""
    client, parameters = asked.client, asked.parameters
    if not parameters.pushed and (client.demands_pushed_requests or asked.deps.portal_rules.require_pushed_requests):
        raise InvalidRequestError("The authorization request must be pushed (RFC 9126).")
    if not parameters.signed and client.demands_signed_requests:
        raise InvalidRequestError("The authorization request must be a signed request object (RFC 9101).")
    if asked.one("registration"):
        raise RegistrationNotSupportedError
    return {"pushed": parameters.pushed, "for_browser": parameters.for_browser}


def response_type(asked: Asked) -> Read:
    """Code and nothing else: no implicit, no hybrid (RFC 9700 section 2.1.2)."""
    sent = asked.one("response_type")
    if not sent:
        raise InvalidRequestError("response_type is missing.")
    if sent != "code":
        raise UnsupportedResponseTypeError(sent)
    return NOTHING


def response_mode(asked: Asked) -> Read:
    """One of ours."""
    sent = asked.one("response_mode")
    if sent and sent not in RESPONSE_MODES:
        raise InvalidRequestError("This response_mode is not supported.")
    if sent == ResponseMode.WEB_MESSAGE and not takes_messages(asked.client, asked.one("redirect_uri")):
        raise InvalidRequestError("web_message is for redirect URIs at one of the client's web_origins.")
    if sent == ResponseMode.WEB_MESSAGE and is_for_widget(asked.client, asked.one("redirect_uri")):
        if not asked.parameters.pushed:  # a script in the partner's page could write the address; not the push
            raise InvalidRequestError("The web_message of a widget goes with a pushed request (RFC 9126).")
    mode, encryption = asked.parameters.response_mode, asked.client.authorization_encrypted_response_alg
    if encryption and mode in SIGNED and not can_encrypt(asked.deps, asked.client, encryption):
        raise InvalidRequestError("No key of the client's JWK Set serves to encrypt the response.")
    return {"response_mode": mode}


def registered_for_codes(asked: Asked) -> Read:
    """The client may have codes at all."""
    if not asked.client.may_use(GrantType.AUTHORIZATION_CODE):
        raise UnauthorizedClientError
    return NOTHING


def prompt(asked: Asked) -> Read:
    """Known values, and none stands alone (OpenID Connect Core section 3.1.2.1)."""
    values = set(words_of(asked.one("prompt")))
    if not values <= PROMPTS:
        raise InvalidRequestError("This prompt is not supported.")
    if Prompt.NONE in values and len(values) > 1:
        raise InvalidRequestError("prompt=none goes with no other value.")
    return {"prompts": frozenset(map(Prompt, values))}


def scope(asked: Asked) -> Read:
    """At least one scope that this client may have; what is unknown or not registered is ignored."""
    asks = asked.client.require_consent or Prompt.CONSENT in words_of(asked.one("prompt"))
    known = known_scopes(asked.registry)
    scopes = granted_scopes(words_of(asked.one("scope")), asked.client, known, asks_consent=asks)
    if not scopes:
        raise InvalidScopeError("No scope that this client may ask for.")
    return {"scopes": scopes}


def pkce(asked: Asked) -> Read:
    """S256 or, for a confidential client that says so, nothing. An absent method would mean plain (RFC 7636 4.3)."""
    challenge, method = asked.one("code_challenge"), asked.one("code_challenge_method")
    if not challenge and not method:
        if asked.client.demands_pkce:
            raise InvalidRequestError("This client must send a code_challenge (RFC 7636).")
        return NOTHING
    if method != "S256":
        raise InvalidRequestError("code_challenge_method must be S256.")
    if not S256_CHALLENGE.fullmatch(challenge):
        raise InvalidRequestError("code_challenge must be the base64url SHA-256 of the verifier.")
    return {"code_challenge": challenge}


def dpop_jkt(asked: Asked) -> Read:
    """The thumbprint of the key that alone may redeem the code (RFC 9449 section 10)."""
    sent = asked.one("dpop_jkt")
    if sent and not S256_CHALLENGE.fullmatch(sent):
        raise InvalidRequestError("dpop_jkt must be the base64url SHA-256 thumbprint of a key.")
    return {"dpop_jkt": sent}


def max_age(asked: Asked) -> Read:
    """Whole seconds; else the client's default_max_age."""
    sent = asked.one("max_age")
    if not sent:
        return {"max_age": asked.client.default_max_age}
    if not SECONDS.fullmatch(sent):
        raise InvalidRequestError("max_age must be a number of seconds.")
    return {"max_age": int(sent)}


def acr_values(asked: Asked) -> Read:
    """Voluntary: the answer carries the acr that was reached (OpenID Connect Core section 5.5.1.1)."""
    return {"acr_values": words_of(asked.one("acr_values")) or asked.client.default_acr_values}


def claims(asked: Asked) -> Read:
    """JSON as section 5.5 describes it."""
    if not asked.one("claims"):
        return NOTHING
    try:
        return {"claims": parse_claims_request(asked.one("claims"))}
    except InvalidClaimsRequest:
        raise InvalidRequestError("claims cannot be read.") from None


def id_token_hint(asked: Asked) -> Read:
    """An ID token of ours, also an expired one, also one issued to another client (section 3.1.2.1)."""
    named = asked.parameters.verified_hint or _named_by(asked, asked.one("id_token_hint"))
    if not named:
        return NOTHING
    client_id, _, subject = named.partition(" ")
    audience = find_client(asked.deps, client_id)
    if audience is None:
        raise InvalidRequestError("id_token_hint is no ID token of this issuer.")
    return {"hint": SubjectHint(audience, subject)}


def _named_by(asked: Asked, sent: str) -> str:
    """Whom this token names, "client subject"; "" when none was sent."""
    if not sent:
        return ""
    hint = asked.deps.signer.verify(sent, typ=ID_TOKEN_TYPE)
    if hint is None or hint.get("iss") != asked.deps.issuer:
        raise InvalidRequestError("id_token_hint is no ID token of this issuer.")
    return f"{hint.get('aud')} {hint.get('sub')}"


def display(asked: Asked) -> Read:
    """Every display gets the same responsive page."""
    return {"display": asked.one("display") or "page"}


def resource(asked: Asked) -> Read:
    """Resources that are registered, and that this client may ask for (RFC 8707 section 2)."""
    wanted = asked.parameters.all("resource")
    for identifier in wanted:
        found = asked.registry.resource(identifier)
        if found is None or asked.client.client_id not in found.clients:
            raise InvalidTarget("This client may not ask for this resource.")
    return {"resources": wanted}


def authorization_details(asked: Asked) -> Read:
    """Of types that this client registered, each as its schema says (RFC 9396 section 5)."""
    return {"details": read_details(asked.one("authorization_details"), asked.client)}


def widget_origin(asked: Asked) -> Read:
    """Who may frame our form for this request, which must then leave the page that does nothing to gain: state and
    nonce are the session's of its back end, and so is the verifier of the challenge (RFC 10017)."""
    sent, widget = asked.one("widget_origin"), asked.client.widget
    if not sent:
        return NOTHING
    if not asked.parameters.pushed:
        raise InvalidRequestError("widget_origin goes with a pushed request (RFC 9126).")
    if widget is None or sent not in widget.origins:
        raise InvalidRequestError("widget_origin is not one of this client's widget.origins.")
    for name in NEEDED:
        if not asked.one(name):
            raise InvalidRequestError(f"The parameter {name} goes with widget_origin.")
    return {"widget_origin": sent}


CHECKS: tuple[Check, ...] = (
    once_each, sizes, came_as_demanded, response_type, response_mode, registered_for_codes, prompt, scope, pkce,
    dpop_jkt, max_age, acr_values, claims, id_token_hint, display, resource, authorization_details,
    widget_origin,
)  # fmt: skip
"""In this order; the first that finds something wrong is what the client is told."""


def check_request(asked: Asked, redirect_uri: str) -> AuthorizationRequest:
    """The request, once every check agrees.

    Raises:
        OAuth2Error: what the client is told.
    """
    read: dict[str, Any] = {}
    for check in CHECKS:
        read |= check(asked)
    kept = asked.parameters.kept(read.get("hint"))
    return AuthorizationRequest(client=asked.client, redirect_uri=redirect_uri, parameters=kept, **read)
