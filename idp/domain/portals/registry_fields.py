"""Every key of clients.yaml: its shape and what it means. The reader, the JSON Schema and the reference page use this.

Owns the form of one key. Does not own what keys demand of one another: see registry_checks.py.
"""

from __future__ import annotations

from enum import StrEnum

from idp.domain.platform.keys import HmacAlgorithm
from idp.domain.portals.authentication_methods import WIRED
from idp.domain.portals.authorization_details import TYPES
from idp.domain.portals.clients import (
    ClientAuthentication,
    GrantType,
    Match,
    SigningAlgorithm,
    SubjectType,
)
from idp.domain.portals.encryption import ContentEncryption, KeyManagement
from idp.domain.portals.file_fields import Field, Kind
from idp.domain.portals.profiles import Profile
from idp.domain.sign_in.assurance import Acr

IDENTIFIER = r"^[A-Za-z0-9][A-Za-z0-9._~-]{0,99}$"
PRINTABLE = r"^[^\x00-\x1f\x7f]{1,200}$"
WEB_ADDRESS = r"^https?://[^\s/?#@\\]+(/[^\s#\\]*)?(\?[^\s#\\]*)?$"
REDIRECT = r"^[a-zA-Z][a-zA-Z0-9+.-]*:[^\s#\\*]+$"
ORIGIN = r"^https?://[a-z0-9.-]+(:[0-9]{1,5})?$|^https?://\[[0-9a-f:]+\](:[0-9]{1,5})?$"
LEGACY_RETURN = r"^https?://[a-z0-9.-]+(:[0-9]{1,5})?(/[^\s#\\\"'<>]*)?(\?[^\s#\\\"'<>]*)?$"
RESOURCE = r"^[a-zA-Z][a-zA-Z0-9+.-]*:[^\s#]+$"
SCOPE_WORDS = r"^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$"
SECRET = r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|sha256:[0-9a-f]{64})$"
ACR = r"^[!-~]+$"

ORIGIN_INSTEAD = "an origin in lower case such as https://portail.example.fr, without a path"
ADDRESS_INSTEAD = "an address such as https://portail.example.fr/page"
SECRET_INSTEAD = (
    "env:NAME, file:PATH or sha256:DIGEST (`idp clients new-secret` makes a secret and its digest); "
    "a secret itself is never written in this file"
)


def _choices(values: type[StrEnum]) -> tuple[str, ...]:
    return tuple(values)


def _flag(name: str, doc: str) -> Field:
    return Field(name, Kind.FLAG, doc)


def _address(name: str, doc: str) -> Field:
    return Field(name, Kind.TEXT, doc, pattern=WEB_ADDRESS, instead=ADDRESS_INSTEAD)


def _origins(name: str, doc: str) -> Field:
    return Field(name, Kind.LIST, doc, pattern=ORIGIN, instead=ORIGIN_INSTEAD)


def _legacy_returns(name: str, doc: str) -> Field:
    return Field(name, Kind.LIST, doc, pattern=LEGACY_RETURN, instead=f"{ADDRESS_INSTEAD}, its host in lower case")


def _redirects(name: str, doc: str) -> Field:
    instead = "the whole address the browser returns to, such as https://portail.example.fr/callback, without # or *"
    return Field(name, Kind.LIST, doc, pattern=REDIRECT, instead=instead)


def _algorithm(name: str, doc: str) -> Field:
    return Field(name, Kind.TEXT, doc, choices=_choices(SigningAlgorithm))


def _encryption(kind: str, what: str) -> tuple[Field, Field]:
    alg, enc = f"{kind}_encrypted_response_alg", f"{kind}_encrypted_response_enc"
    doc = f"{what} are encrypted to a key of the client's jwks or jwks_uri."
    return (
        Field(alg, Kind.TEXT, doc, choices=_choices(KeyManagement)),
        Field(
            enc, Kind.TEXT, f"How the content is; A256GCM when {alg} is written.", choices=_choices(ContentEncryption)
        ),
    )


def _client_id(name: str, kind: Kind, doc: str, *, required: bool = False) -> Field:
    return Field(
        name, kind, doc, pattern=IDENTIFIER, instead="letters, digits, . _ ~ - (100 at most)", required=required
    )


WIDGET_FIELDS = (
    _flag("enabled", "The widget may be shown; false is the kill switch."),
    _origins("origins", "Pages that may frame the widget; exact, no wildcard."),
    Field("completion", Kind.TEXT, "How the widget ends.", choices=("redirect", "message")),
    _flag("fedcm", "The browser's own sign-in dialogue may be offered."),
    _flag("popup", "A popup may replace the frame."),
    Field("acr_ceiling", Kind.TEXT, "Highest acr reached inside a frame; eidas1 by default.", choices=_choices(Acr)),
)

LEGACY_WIDGET_FIELDS = (
    _flag("enabled", "The form is taken; false switches it off."),
    _origins("origins", "Pages that may send the form; exact, no wildcard."),
    _legacy_returns("success_urls", "`urlOK`: where the token is posted; compared character by character."),
    _legacy_returns("failure_urls", "`urlKO`: where a refused person returns; compared character by character."),
)

CLIENT_FIELDS = (
    _client_id("client_id", Kind.TEXT, "The partner's identifier; never changes.", required=True),
    Field(
        "client_name",
        Kind.TEXT,
        "The name people see.",
        pattern=PRINTABLE,
        instead="at most 200 characters",
        required=True,
    ),
    _redirects("redirect_uris", "Where the browser may return with an answer; compared character by character."),
    _redirects("post_logout_redirect_uris", "Where the browser may return after signing out."),
    Field("grant_types", Kind.LIST, "What the client may ask /token for.", choices=_choices(GrantType)),
    Field("response_types", Kind.LIST, "Only `code`: implicit and hybrid flows do not exist here.", choices=("code",)),
    Field(
        "scope",
        Kind.WORDS,
        "Scopes the client may ask for.",
        pattern=SCOPE_WORDS,
        instead="scopes in one text, separated by single spaces, such as openid profile email",
    ),
    Field(
        "token_endpoint_auth_method",
        Kind.TEXT,
        "How the client proves itself; the only method accepted from it.",
        choices=tuple(method for method in ClientAuthentication if method in WIRED),
    ),
    _address("jwks_uri", "Where the client publishes its public keys (https); fetched when needed. Not beside jwks."),
    Field(
        "token_endpoint_auth_signing_alg",
        Kind.TEXT,
        "The only algorithm accepted for its assertions (private_key_jwt, client_secret_jwt).",
        choices=(*SigningAlgorithm, *HmacAlgorithm),
    ),
    Field(
        "client_secret",
        Kind.SECRETS,
        "One secret, or a list of two while it is being changed.",
        pattern=SECRET,
        instead=SECRET_INSTEAD,
    ),
    Field(
        "jwks", Kind.JWKS, "The client's public keys, to verify and to encrypt with: a JWK Set, or file:PATH of one."
    ),
    Field(
        "application_type", Kind.TEXT, "`native` for an application on a person's machine.", choices=("web", "native")
    ),
    Field(
        "subject_type", Kind.TEXT, "`pairwise`: a subject of its own for each sector.", choices=_choices(SubjectType)
    ),
    Field(
        "sector_identifier_uri",
        Kind.TEXT,
        "Its host names the sector of a pairwise client.",
        pattern=r"^https://[^\s/?#@\\]+(/[^\s#\\]*)?$",
        instead="an https address whose host names the sector",
    ),
    _algorithm("id_token_signed_response_alg", "Signature of ID tokens; RS256 by default."),
    _algorithm("userinfo_signed_response_alg", "Signs userinfo answers; plain JSON without it."),
    *_encryption("id_token", "ID tokens and logout tokens"),
    *_encryption("userinfo", "Userinfo answers, signed or not"),
    *_encryption("authorization", "Authorization responses asked for as a JWT (JARM)"),
    *_encryption("introspection", "Introspection answers asked for as a JWT (RFC 9701)"),
    Field(
        "default_max_age", Kind.COUNT, "Seconds after which a password is asked again when the request says nothing."
    ),
    _flag("require_auth_time", "The ID token always says when the person signed in."),
    Field(
        "default_acr_values",
        Kind.LIST,
        "Levels wanted when the request says nothing.",
        pattern=ACR,
        instead="one acr a line, such as eidas1",
    ),
    Field(
        "authorization_details_types",
        Kind.LIST,
        "Types of authorization_details that the client may ask for (RFC 9396).",
        choices=tuple(sorted(TYPES)),
    ),
    _address("initiate_login_uri", "Where a sign-in can be started again at the portal."),
    _address("backchannel_logout_uri", "Where the gateway says that someone signed out."),
    _flag("backchannel_logout_session_required", "A logout token must carry sid (it always does)."),
    _address("client_uri", "The portal's public page."),
    _address("logo_uri", "Kept for other programs; pages show the theme's logo."),
    _address("policy_uri", "What the portal does with data; linked from the sign-in page."),
    _address("tos_uri", "The portal's terms; linked from the sign-in page."),
    Field(
        "contacts",
        Kind.LIST,
        "E-mail addresses of the people in charge.",
        pattern=r"^[^\s@]+@[^\s@]+$",
        instead="an e-mail address",
    ),
    Field(
        "theme",
        Kind.TEXT,
        "A folder of themes/.",
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
        instead="the name of a folder of themes/",
    ),
    Field("profile", Kind.TEXT, "The protocol profile the client follows.", choices=_choices(Profile)),
    _flag("require_pkce", "False lifts the demand for a code challenge: confidential clients of profile oidc only."),
    _flag("dpop_bound_access_tokens", "Tokens are given only with a DPoP proof, and bound to its key (RFC 9449)."),
    _flag(
        "tls_client_certificate_bound_access_tokens",
        "Tokens are given only with a client certificate, and bound to it (RFC 8705); needs IDP_MTLS_ISSUER.",
    ),
    Field(
        "tls_client_auth_ca",
        Kind.TEXT,
        "The authorities that issue the client's certificates (tls_client_auth): file:PATH of PEM certificates.",
        pattern=r"^file:.+$",
        instead="file:PATH of the authority's certificates",
    ),
    *(
        Field(f"tls_client_auth_{name}", Kind.TEXT, doc, pattern=PRINTABLE, instead=f"such as {example}")
        for name, doc, example in (
            (
                "subject_dn",
                "The subject its certificate must carry, as RFC 4514 writes it.",
                "CN=portail,O=Exemple,C=FR",
            ),
            ("san_dns", "The DNS name its certificate must carry.", "portail.example.fr"),
            ("san_uri", "The URI its certificate must carry.", "https://portail.example.fr/"),
            ("san_ip", "The address its certificate must carry.", "192.0.2.7"),
            ("san_email", "The e-mail address its certificate must carry.", "exploitation@example.fr"),
        )
    ),
    _flag("require_dpop_nonce", "DPoP proofs of this client must carry a nonce of ours."),
    _flag("require_pushed_authorization_requests", "Authorization requests are taken only when pushed (RFC 9126)."),
    _flag("require_signed_request_object", "Authorization requests are taken only in a signed object (RFC 9101)."),
    _algorithm("introspection_signed_response_alg", "Of introspection answers asked for as a JWT (RFC 9701)."),
    _algorithm("authorization_signed_response_alg", "Of responses that the client asks for as a JWT (JARM)."),
    _algorithm("request_object_signing_alg", "The one algorithm of the client's request objects; any of its profile."),
    Field(
        "request_uris",
        Kind.LIST,
        "Addresses (https) whose request objects may be fetched; exact.",
        pattern=WEB_ADDRESS,
        instead=ADDRESS_INSTEAD,
    ),
    _flag("require_consent", "The person is asked before anything is told."),
    Field("id_token_claims", Kind.TEXT, "`scopes`: the ID token carries what the scopes give.", choices=("scopes",)),
    Field(
        "default_resource",
        Kind.TEXT,
        "Audience of access tokens asked without openid and without resource.",
        pattern=RESOURCE,
        instead="the identifier of one of the resources below",
    ),
    _origins("web_origins", "Pages that may call the endpoints from a browser (CORS) or receive web_message."),
    _origins(
        "form_action_origins", "Origins the redirect goes on to: Chromium applies form-action to the whole chain."
    ),
    Field("match", Kind.TEXT, "How strictly names are compared.", choices=_choices(Match)),
    _client_id(
        "may_exchange_for",
        Kind.LIST,
        "Clients whose tokens this one may exchange (RFC 8693); a client that narrows its own tokens names itself.",
    ),
    Field("widget", Kind.MAPPING, "The sign-in widget inside the partner's page.", fields=WIDGET_FIELDS),
    Field(
        "legacy_widget",
        Kind.MAPPING,
        "The old widget, a form in the partner's own page; deprecated, and off without this key.",
        fields=LEGACY_WIDGET_FIELDS,
    ),
)

RESOURCE_FIELDS = (
    Field(
        "identifier",
        Kind.TEXT,
        "The API's address; the audience of its tokens.",
        pattern=RESOURCE,
        instead="an absolute address without #, such as https://api.example.fr",
        required=True,
    ),
    _client_id("owner", Kind.TEXT, "The client that may introspect tokens addressed here.", required=True),
    Field("signing_alg", Kind.TEXT, "Signature of its access tokens; ES256 by default.", choices=("ES256", "RS256")),
    Field(
        "scopes",
        Kind.LIST,
        "Scopes that only mean something here.",
        pattern=r"^[\x21\x23-\x5b\x5d-\x7e]+$",
        instead="one scope a line, without spaces",
    ),
    _client_id("clients", Kind.LIST, "Clients that may ask for tokens addressed here.", required=True),
    Field(
        "required_acr",
        Kind.TEXT,
        "The least level of a sign-in behind its tokens; asked of whoever names it in `resource`.",
        choices=_choices(Acr),
    ),
    Field(
        "max_age",
        Kind.COUNT,
        "Seconds since that sign-in at most; asked of whoever names it in `resource`.",
        least=1,
    ),
)

PUBLISHER_FIELDS = (
    Field(
        "issuer",
        Kind.TEXT,
        "The publisher, as `iss` of its software statements names it.",
        pattern=r"^[!-~]{1,200}$",
        instead="the iss of its statements, such as https://editeur.example.fr",
        required=True,
    ),
    Field("jwks", Kind.JWKS, "The publisher's public keys: a JWK Set, or file:PATH of one.", required=True),
)

ELSEWHERE = {
    "id": "client_id",
    "name": "client_name",
    "secret": "client_secret",
    "client_secrets": "client_secret (it takes a list of two)",
    "scopes": "scope, scopes in one text separated by spaces",
    "redirect_uri": "redirect_uris, a list",
    "post_logout_redirect_uri": "post_logout_redirect_uris, a list",
    "frontchannel_logout_uri": "backchannel_logout_uri; browsers no longer deliver front-channel logout",
    "request_uris": "nothing: request_uri is not supported",
}
"""Names that people bring from elsewhere, and what to write here."""
