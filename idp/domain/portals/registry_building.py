"""From entries of clients.yaml to the values the gateway works with. Entries are already checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from idp.domain.portals.clients import (
    Client,
    ClientAuthentication,
    GrantType,
    Match,
    Resource,
    SecretDigest,
    SigningAlgorithm,
    SubjectType,
)
from idp.domain.portals.encryption import ENCRYPTED, ContentEncryption, KeyManagement
from idp.domain.portals.legacy_widgets import legacy_widget_from
from idp.domain.portals.profiles import RULES, Profile
from idp.domain.portals.registry_content import assertion_algorithm
from idp.domain.portals.registry_entries import Entry
from idp.domain.portals.widgets import widget_from
from idp.domain.sign_in.assurance import Acr

SAME_NAME = (
    "client_id", "client_name", "application_type", "default_max_age", "require_auth_time", "initiate_login_uri",
    "backchannel_logout_uri", "backchannel_logout_session_required", "client_uri", "logo_uri", "policy_uri",
    "tos_uri", "theme", "require_pkce", "require_consent", "default_resource", "jwks",
    "jwks_uri",
    "tls_client_certificate_bound_access_tokens", "tls_client_auth_ca", "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns", "tls_client_auth_san_uri", "tls_client_auth_san_ip", "tls_client_auth_san_email",
    "dpop_bound_access_tokens", "require_dpop_nonce",
    "require_pushed_authorization_requests", "require_signed_request_object",
)  # fmt: skip
TUPLES = (
    "redirect_uris", "post_logout_redirect_uris", "default_acr_values", "authorization_details_types", "contacts",
    "web_origins", "form_action_origins", "may_exchange_for", "request_uris",
)  # fmt: skip
ENUMS: Mapping[str, Any] = {
    "profile": Profile,
    "token_endpoint_auth_method": ClientAuthentication,
    "token_endpoint_auth_signing_alg": assertion_algorithm,
    "id_token_signed_response_alg": SigningAlgorithm,
    "userinfo_signed_response_alg": SigningAlgorithm,
    **{f"{kind}_encrypted_response_alg": KeyManagement for kind in ENCRYPTED},
    **{f"{kind}_encrypted_response_enc": ContentEncryption for kind in ENCRYPTED},
    "request_object_signing_alg": SigningAlgorithm,
    "authorization_signed_response_alg": SigningAlgorithm,
    "introspection_signed_response_alg": SigningAlgorithm,
    "subject_type": SubjectType,
    "match": Match,
}


def build_client(entry: Entry, secrets: tuple[SecretDigest, ...]) -> Client:
    """The client of an entry."""
    written = entry.values
    values: dict[str, Any] = {name: written[name] for name in SAME_NAME if name in written}
    values |= {name: tuple(written[name]) for name in TUPLES if name in written}
    values |= {name: kind(written[name]) for name, kind in ENUMS.items() if name in written}
    values.setdefault("id_token_signed_response_alg", RULES[values.get("profile", Profile.OIDC)].id_token_algorithm)
    if "grant_types" in written:
        values["grant_types"] = frozenset(map(GrantType, written["grant_types"]))
    if "scope" in written:
        values["scopes"] = frozenset(written["scope"].split())
    if "widget" in written:
        values["widget"] = widget_from(written["widget"])
    if "legacy_widget" in written:
        values["legacy_widget"] = legacy_widget_from(written["legacy_widget"])
    return Client(
        **values,
        secrets=secrets,
        sector_identifier=sector_of(entry),
        id_token_claims_by_scope=written.get("id_token_claims") == "scopes",
    )


def sector_of(entry: Entry) -> str:
    """The host that groups pairwise subjects (OpenID Connect Core section 8.1)."""
    address = entry.text("sector_identifier_uri") or next(iter(entry.items("redirect_uris")), "")
    return urlsplit(address).hostname or ""


def build_resource(entry: Entry) -> Resource:
    """The resource of an entry."""
    return Resource(
        identifier=entry.text("identifier"),
        owner=entry.text("owner"),
        signing_alg=SigningAlgorithm(entry.text("signing_alg", SigningAlgorithm.ES256)),
        scopes=frozenset(entry.items("scopes")),
        clients=frozenset(entry.items("clients")),
        required_acr=Acr(entry.text("required_acr")) if "required_acr" in entry.values else None,
        max_age=entry.values.get("max_age"),
    )
