"""What a client says of itself when it registers (RFC 7591 section 2), read by the very rules of clients.yaml."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from idp.domain.portals.client_checks import CLIENT_CHECKS, SIGNING, WITH_SECRET
from idp.domain.portals.clients import Client, ClientAuthentication, GrantType
from idp.domain.portals.encryption import ENCRYPTED
from idp.domain.portals.file_fields import Field
from idp.domain.portals.metadata_checks import METADATA_CHECKS, needs_no_operator
from idp.domain.portals.metadata_shapes import shape_problem
from idp.domain.portals.registry_entries import Entry
from idp.domain.portals.registry_fields import CLIENT_FIELDS
from idp.domain.portals.registry_surroundings import Surroundings
from idp.domain.portals.scopes import OFFLINE_ACCESS

REDIRECTS = "redirect_uris"
OWN = frozenset(
    "client_name redirect_uris post_logout_redirect_uris grant_types response_types scope token_endpoint_auth_method "
    "token_endpoint_auth_signing_alg jwks jwks_uri application_type subject_type sector_identifier_uri "
    "id_token_signed_response_alg id_token_encrypted_response_alg id_token_encrypted_response_enc "
    "userinfo_signed_response_alg userinfo_encrypted_response_alg userinfo_encrypted_response_enc "
    "authorization_signed_response_alg authorization_encrypted_response_alg authorization_encrypted_response_enc "
    "request_object_signing_alg require_signed_request_object require_pushed_authorization_requests request_uris "
    "introspection_signed_response_alg introspection_encrypted_response_alg introspection_encrypted_response_enc "
    "dpop_bound_access_tokens tls_client_certificate_bound_access_tokens "
    "tls_client_auth_subject_dn tls_client_auth_san_dns tls_client_auth_san_uri tls_client_auth_san_ip "
    "tls_client_auth_san_email authorization_details_types default_max_age require_auth_time default_acr_values "
    "initiate_login_uri backchannel_logout_uri backchannel_logout_session_required client_uri logo_uri policy_uri "
    "tos_uri contacts web_origins".split()
)
"""What a client may say of itself, as far as clients.yaml knows it too."""
OPERATORS = frozenset(
    "client_id client_secret theme profile require_pkce require_consent id_token_claims default_resource "
    "form_action_origins match may_exchange_for widget legacy_widget tls_client_auth_ca require_dpop_nonce".split()
)
"""What an operator decides, in clients.yaml or by the invitation; sent by a client it is ignored like the unknown."""
SETTABLE: Mapping[str, Field] = {field.name: field for field in CLIENT_FIELDS if field.name in OWN}
TEXTS = ("software_id", "software_version")
"""Kept and answered, meaning nothing here."""
LONGEST_SOFTWARE = 255
DEFAULT_SCOPES = "openid profile email phone"


class MetadataError(StrEnum):
    """RFC 7591 section 3.2.2."""

    INVALID_REDIRECT_URI = "invalid_redirect_uri"
    INVALID_CLIENT_METADATA = "invalid_client_metadata"
    INVALID_SOFTWARE_STATEMENT = "invalid_software_statement"
    UNAPPROVED_SOFTWARE_STATEMENT = "unapproved_software_statement"


@dataclass(frozen=True, slots=True)
class MetadataProblem:
    """What is wrong, for the client's developers."""

    error: MetadataError
    sentence: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What the invitation decides, not the client."""

    client_id: str
    profile: str
    require_pkce: bool


def read_metadata(sent: Mapping[str, Any], terms: Terms, issuer: str) -> Entry | MetadataProblem:
    """The entry that clients.yaml would hold for this client, or the first thing that is wrong.

    Unknown members are ignored (RFC 7591 section 2); null and "" mean absent (RFC 7592 section 2.2).
    """
    wanted = {name: value for name, value in sent.items() if name in SETTABLE and value is not None and value != ""}
    for name, value in wanted.items():
        if problem := shape_problem(SETTABLE[name], value):
            return _about(name, f"{name}: {problem}")
    texts = {name: sent[name] for name in TEXTS if isinstance(sent.get(name), str)}
    for name, text in texts.items():
        if len(text) > LONGEST_SOFTWARE or not text.isprintable():
            return _about(name, f"{name}: send at most {LONGEST_SOFTWARE} printable characters")
    entry = _entry(_completed(wanted, terms))
    around = Surroundings({terms.client_id: entry}, {}, issuer, None)
    for check in (needs_no_operator, *CLIENT_CHECKS, *METADATA_CHECKS):
        for complaint in check(entry, around):
            return _about(complaint.message, complaint.message)
    return Entry(0, {**entry.values, **texts}, entry.lines)


def registered_metadata(entry: Entry, client: Client) -> dict[str, Any]:
    """What registrations are answered: everything that counts for this client, defaults included."""
    kept = {name: value for name, value in entry.values.items() if name in SETTABLE or name in TEXTS}
    encrypted = {f"{kind}_encrypted_response_enc" for kind in ENCRYPTED if f"{kind}_encrypted_response_alg" in kept}
    return kept | {
        **{name: getattr(client, name).value for name in encrypted},
        "token_endpoint_auth_method": entry.text("token_endpoint_auth_method"),
        "application_type": client.application_type,
        "subject_type": client.subject_type.value,
        "id_token_signed_response_alg": client.id_token_signed_response_alg.value,
    }


def needs_secret(entry: Entry) -> bool:
    """Whether the client is to have a secret."""
    return entry.text("token_endpoint_auth_method") in WITH_SECRET


def _completed(wanted: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    """With the defaults of RFC 7591 section 2 and Registration 1.0 section 2, and what the invitation decides."""
    method = wanted.get("token_endpoint_auth_method", ClientAuthentication.SECRET_BASIC)
    grants = wanted.get("grant_types", [GrantType.AUTHORIZATION_CODE.value])
    scope = f"{DEFAULT_SCOPES} offline_access" if GrantType.AUTHORIZATION_CODE in grants else "openid"
    values = {
        "client_id": terms.client_id,
        "client_name": _host(wanted) or terms.client_id,
        "response_types": ["code"] if GrantType.AUTHORIZATION_CODE in grants else [],
        **wanted,
        "token_endpoint_auth_method": str(method),
        "grant_types": list(grants),
        "scope": _without_what_needs(grants, wanted.get("scope", scope)),
        "profile": terms.profile,
        "require_consent": True,
    }
    if method not in SIGNING:  # sent by many clients whatever their method: never used, so not registered
        values.pop("token_endpoint_auth_signing_alg", None)
    if method in WITH_SECRET:
        values["client_secret"] = ["env:REGISTERED"]  # made when all else is right
    if terms.require_pkce or method != ClientAuthentication.NONE:
        values["require_pkce"] = terms.require_pkce
    return values


def _without_what_needs(grants: Collection[str], scope: Any) -> Any:
    """Less `offline_access` where it could give nothing: section 2 lets a server replace what it is asked."""
    if not isinstance(scope, str) or GrantType.REFRESH_TOKEN in grants:
        return scope
    return " ".join(word for word in scope.split() if word != OFFLINE_ACCESS)


def _entry(values: dict[str, Any]) -> Entry:
    return Entry(0, values, dict.fromkeys(values, 0))


def _host(wanted: Mapping[str, Any]) -> str:
    return urlsplit(next(iter(wanted.get(REDIRECTS, ())), "")).hostname or ""


def _about(key: str, sentence: str) -> MetadataProblem:
    is_redirect = key.startswith(REDIRECTS)
    error = MetadataError.INVALID_REDIRECT_URI if is_redirect else MetadataError.INVALID_CLIENT_METADATA
    return MetadataProblem(error, sentence)
