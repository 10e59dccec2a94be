"""The partners that rely on us, as their registry entry says (RFC 7591 names, plus ours)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from idp.domain.platform.keys import HmacAlgorithm
from idp.domain.platform.keys import SigningAlgorithm as SigningAlgorithm
from idp.domain.portals.authentication_methods import ClientAuthentication as ClientAuthentication
from idp.domain.portals.encryption import ContentEncryption, KeyManagement
from idp.domain.portals.legacy_widgets import LegacyWidget
from idp.domain.portals.profiles import RULES, Pkce, Profile, ProfileRules
from idp.domain.portals.step_up import RequiredSignIn
from idp.domain.portals.widgets import Widget
from idp.domain.sign_in.assurance import Acr

GATEWAY_CLIENT_ID = "mire"
"""The built-in client through which the gateway's own pages sign people in."""


class GrantType(StrEnum):
    """Grants a client may be registered for."""

    AUTHORIZATION_CODE = "authorization_code"
    REFRESH_TOKEN = "refresh_token"
    CLIENT_CREDENTIALS = "client_credentials"
    DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
    TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


class ResponseMode(StrEnum):
    """How an authorization response travels."""

    QUERY = "query"
    FRAGMENT = "fragment"
    FORM_POST = "form_post"
    WEB_MESSAGE = "web_message"
    """By postMessage, to the page of a registered origin that opened or frames ours."""
    JWT = "jwt"
    """Signed, in the query: the default way of a code (JARM section 2.3.4)."""
    QUERY_JWT = "query.jwt"
    FRAGMENT_JWT = "fragment.jwt"
    FORM_POST_JWT = "form_post.jwt"


class SubjectType(StrEnum):
    """Whether `sub` is the same for every client (OpenID Connect Core section 8)."""

    PUBLIC = "public"
    PAIRWISE = "pairwise"


class Match(StrEnum):
    """How strictly a typed triplet is compared (DOMAIN: strictness is a per-client policy)."""

    CANONICAL = "canonical"
    EXACT = "exact"


@dataclass(frozen=True, slots=True)
class SecretDigest:
    """SHA-256 of a machine secret of 256 bits or more; `source` is how clients.yaml names it, never the secret."""

    digest: bytes
    source: str
    secret: str = field(default="", repr=False, compare=False)
    """The secret itself, in memory only and only for client_secret_jwt: an HMAC cannot be checked by a digest."""


@dataclass(frozen=True, slots=True)
class Client:
    """One partner. Immutable: a reload swaps the whole registry."""

    client_id: str
    client_name: str = ""
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    grant_types: frozenset[GrantType] = frozenset({GrantType.AUTHORIZATION_CODE})
    scopes: frozenset[str] = frozenset({"openid"})
    token_endpoint_auth_method: ClientAuthentication = ClientAuthentication.SECRET_BASIC
    token_endpoint_auth_signing_alg: SigningAlgorithm | HmacAlgorithm | None = None
    secrets: tuple[SecretDigest, ...] = ()
    jwks: Mapping[str, Any] | None = None
    jwks_uri: str = ""
    application_type: str = "web"
    subject_type: SubjectType = SubjectType.PUBLIC
    sector_identifier: str = ""
    """Host by which pairwise subjects are grouped; filled at load from sector_identifier_uri or the redirect URIs."""
    id_token_signed_response_alg: SigningAlgorithm = SigningAlgorithm.RS256
    userinfo_signed_response_alg: SigningAlgorithm | None = None
    id_token_encrypted_response_alg: KeyManagement | None = None
    """Of ID tokens and logout tokens, around the signature; None: they are not encrypted."""
    id_token_encrypted_response_enc: ContentEncryption = ContentEncryption.A256GCM
    userinfo_encrypted_response_alg: KeyManagement | None = None
    """Of userinfo answers, signed or not (OpenID Connect Core section 5.3.2)."""
    userinfo_encrypted_response_enc: ContentEncryption = ContentEncryption.A256GCM
    authorization_encrypted_response_alg: KeyManagement | None = None
    """Of authorization responses asked for as a JWT (JARM section 2.2)."""
    authorization_encrypted_response_enc: ContentEncryption = ContentEncryption.A256GCM
    introspection_encrypted_response_alg: KeyManagement | None = None
    """Of introspection answers asked for as a JWT (RFC 9701 section 6)."""
    introspection_encrypted_response_enc: ContentEncryption = ContentEncryption.A256GCM
    introspection_signed_response_alg: SigningAlgorithm | None = None
    """Of introspection answers that it asks for as a JWT (RFC 9701); None: as the profile says."""
    authorization_signed_response_alg: SigningAlgorithm | None = None
    """Of signed authorization responses (JARM section 3); None: as the profile says."""
    default_max_age: int | None = None
    """Seconds."""
    require_auth_time: bool = False
    default_acr_values: tuple[str, ...] = ()
    authorization_details_types: tuple[str, ...] = ()
    """RFC 9396 section 10."""
    initiate_login_uri: str = ""
    backchannel_logout_uri: str = ""
    backchannel_logout_session_required: bool = False
    client_uri: str = ""
    logo_uri: str = ""
    logo_path: str = ""
    """Where we serve our own copy of the logo of a registered client; empty until there is one."""
    policy_uri: str = ""
    tos_uri: str = ""
    contacts: tuple[str, ...] = ()
    theme: str = "default"
    profile: Profile = Profile.OIDC
    require_pkce: bool | None = None
    """None: as the profile says."""
    require_pushed_authorization_requests: bool = False
    require_signed_request_object: bool = False
    request_object_signing_alg: SigningAlgorithm | None = None
    request_uris: tuple[str, ...] = ()
    """Exact addresses whose request objects may be fetched."""
    require_consent: bool = False
    dpop_bound_access_tokens: bool = False
    """Tokens only for who proves a key (RFC 9449 section 5.2)."""
    require_dpop_nonce: bool = False
    """Its proofs carry a nonce of ours (RFC 9449 section 8)."""
    tls_client_certificate_bound_access_tokens: bool = False
    """Tokens only for who shows a certificate, which they are bound to (RFC 8705 section 3.4)."""
    tls_client_auth_ca: str = ""
    """PEM: the authorities that issue its certificates."""
    tls_client_auth_subject_dn: str = ""
    """RFC 4514; this or one of the four names below is what its certificate must carry (RFC 8705 section 2.1.2)."""
    tls_client_auth_san_dns: str = ""
    tls_client_auth_san_uri: str = ""
    tls_client_auth_san_ip: str = ""
    tls_client_auth_san_email: str = ""
    id_token_claims_by_scope: bool = False
    """`id_token_claims: scopes`: the ID token carries what the scopes give at userinfo."""
    default_resource: str = ""
    web_origins: tuple[str, ...] = ()
    form_action_origins: tuple[str, ...] = ()
    match: Match = Match.CANONICAL
    may_exchange_for: tuple[str, ...] = ()
    widget: Widget | None = None
    """Its sign-in form may be framed by pages of its own; None: it has none."""
    legacy_widget: LegacyWidget | None = None
    """Forms of its own pages may still be posted to us; None: it has none."""

    @property
    def rules(self) -> ProfileRules:
        """What its profile demands."""
        return RULES[self.profile]

    @property
    def tls_client_auth_names(self) -> Mapping[str, str]:
        """The subject alternative name that its certificate must carry, under its kind; the others are empty."""
        return {
            "dns": self.tls_client_auth_san_dns,
            "uri": self.tls_client_auth_san_uri,
            "ip": self.tls_client_auth_san_ip,
            "email": self.tls_client_auth_san_email,
        }

    @property
    def is_public(self) -> bool:
        """No secret is held by this client (RFC 6749 section 2.1)."""
        return self.token_endpoint_auth_method is ClientAuthentication.NONE

    @property
    def demands_pkce(self) -> bool:
        """A challenge must be sent: always by public clients (RFC 9700 section 2.1.1)."""
        if self.is_public or self.rules.pkce is Pkce.ALWAYS:
            return True
        return self.rules.pkce is Pkce.UNLESS_LIFTED if self.require_pkce is None else self.require_pkce

    @property
    def rotates_refresh_tokens(self) -> bool:
        """A refresh token is replaced at each use (RFC 9700 section 4.14.2)."""
        return self.rules.rotates_refresh_tokens and not self.is_sender_constrained

    @property
    def is_sender_constrained(self) -> bool:
        """Every token of it is bound to a key, its refresh tokens too (RFC 9449 section 5, RFC 8705 section 4)."""
        bound = self.dpop_bound_access_tokens or self.tls_client_certificate_bound_access_tokens
        return bound or self.rules.sender_constrained

    @property
    def demands_pushed_requests(self) -> bool:
        """Authorization requests come by PAR only."""
        return self.rules.pushed_requests or self.require_pushed_authorization_requests

    @property
    def demands_signed_requests(self) -> bool:
        """Authorization requests come in a signed request object only."""
        return self.rules.signed_requests or self.require_signed_request_object

    def may_use(self, grant_type: GrantType) -> bool:
        """Whether the client is registered for this grant."""
        return grant_type in self.grant_types


@dataclass(frozen=True, slots=True)
class Resource:
    """A protected API that access tokens may be addressed to (RFC 8707)."""

    identifier: str
    owner: str
    """client_id that may introspect tokens addressed here."""
    signing_alg: SigningAlgorithm = SigningAlgorithm.ES256
    scopes: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()
    """client_ids that may ask for it."""
    required_acr: Acr | None = None
    max_age: int | None = None

    @property
    def required_sign_in(self) -> RequiredSignIn:
        """What it asks of the sign-in behind its tokens (RFC 9470)."""
        return RequiredSignIn(self.required_acr, self.max_age)


@dataclass(frozen=True, slots=True)
class ClientRegistry:
    """Everything clients.yaml says, parsed once. `digest` names the version; a reload swaps the whole value."""

    digest: str
    clients: Mapping[str, Client]
    resources: Mapping[str, Resource] = field(default_factory=lambda: MappingProxyType({}))

    publishers: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}))
    """Whose software statements are believed: issuer to JWK Set (RFC 7591 section 2.3)."""

    def find(self, client_id: str) -> Client | None:
        """The client of that identifier, or None."""
        return self.clients.get(client_id)

    def resource(self, identifier: str) -> Resource | None:
        """The resource of that identifier, or None."""
        return self.resources.get(identifier)
