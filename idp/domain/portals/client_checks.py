"""What the keys of one client demand of one another, of the resources and of the other clients."""

from __future__ import annotations

import unicodedata
from urllib.parse import urlsplit

from idp.domain.platform.keys import HmacAlgorithm
from idp.domain.portals.clients import (
    GATEWAY_CLIENT_ID,
    ClientAuthentication,
    GrantType,
    SigningAlgorithm,
    SubjectType,
)
from idp.domain.portals.encryption_checks import ENCRYPTION_CHECKS
from idp.domain.portals.legacy_widget_checks import LEGACY_WIDGET_CHECKS
from idp.domain.portals.profile_checks import PROFILE_CHECKS
from idp.domain.portals.registry_addresses import origin_problem, redirect_problem, web_address_problem
from idp.domain.portals.registry_entries import Complaint, Entry
from idp.domain.portals.registry_surroundings import (
    Check,
    Complaints,
    Surroundings,
    method_of,
    nearest,
    unknown_clients,
)

SCOPES = (
    "openid", "profile", "email", "phone", "organization", "roles", "offline_access",
    "given_name", "usual_name", "uid", "siret", "siren",
)  # fmt: skip
ADDRESSES = (
    "initiate_login_uri", "backchannel_logout_uri", "client_uri", "logo_uri", "policy_uri", "tos_uri",
    "jwks_uri",
)  # fmt: skip
CERTIFICATE_NAMES = (
    "tls_client_auth_subject_dn", "tls_client_auth_san_dns", "tls_client_auth_san_uri", "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
)  # fmt: skip
WITH_SECRET = (ClientAuthentication.SECRET_BASIC, ClientAuthentication.SECRET_POST, ClientAuthentication.SECRET_JWT)
SIGNING = (ClientAuthentication.PRIVATE_KEY_JWT, ClientAuthentication.SECRET_JWT)


def client_id_is_its_own(entry: Entry, around: Surroundings) -> Complaints:
    name, line = entry.text("client_id"), entry.line_of("client_id")
    if name == GATEWAY_CLIENT_ID:
        yield Complaint(line, "client_id: this name is the gateway's own; write another")
    first = around.clients.get(name, entry)
    if first is not entry:
        yield Complaint(line, f"client_id: already written at line {first.line_of('client_id')}; write another")


def name_is_plain(entry: Entry, _: Surroundings) -> Complaints:
    """People decide by it: no character that hides, or turns the text around (Unicode category C)."""
    if any(unicodedata.category(letter).startswith("C") for letter in entry.text("client_name")):
        message = "client_name: holds characters that cannot be seen; write plain text"
        yield Complaint(entry.line_of("client_name"), message)


def grants_belong_together(entry: Entry, _: Surroundings) -> Complaints:
    grants, line = grants_of(entry), entry.line_of("grant_types")
    if not grants:
        yield Complaint(line, "grant_types: is empty; write authorization_code, or leave the key out")
    if GrantType.REFRESH_TOKEN in grants and not {GrantType.AUTHORIZATION_CODE, GrantType.DEVICE_CODE} & set(grants):
        yield Complaint(line, "grant_types: refresh_token alone gives nothing; write authorization_code beside it")
    if GrantType.CLIENT_CREDENTIALS in grants and method_of(entry) == ClientAuthentication.NONE:
        yield Complaint(
            line, "grant_types: client_credentials needs a client that proves itself; write a secret or jwks"
        )
    if GrantType.TOKEN_EXCHANGE in grants and method_of(entry) == ClientAuthentication.NONE:
        yield Complaint(line, "grant_types: token-exchange needs a client that proves itself; write a secret or jwks")
    if "offline_access" in entry.text("scope").split() and GrantType.REFRESH_TOKEN not in grants:
        message = "scope: offline_access gives refresh tokens; write refresh_token in grant_types, or leave it out"
        yield Complaint(entry.line_of("scope"), message)


def redirects_are_there(entry: Entry, _: Surroundings) -> Complaints:
    missing = "redirect_uris" not in entry.lines or entry.values.get("redirect_uris") == []
    if GrantType.AUTHORIZATION_CODE in grants_of(entry) and missing:
        message = "redirect_uris: authorization_code needs at least one; write where the browser returns"
        yield Complaint(entry.line_of("redirect_uris"), message)


def redirects_are_safe(entry: Entry, around: Surroundings) -> Complaints:
    for key in ("redirect_uris", "post_logout_redirect_uris"):
        for index, uri in enumerate(entry.items(key)):
            problem = redirect_problem(uri, native=is_native(entry), loopback=around.loopback)
            if problem:
                yield Complaint(entry.line_of(key, index), f"{key}: {uri} {problem}")


def addresses_are_safe(entry: Entry, around: Surroundings) -> Complaints:
    for key in ADDRESSES:
        if key in entry.values and (problem := web_address_problem(entry.text(key), loopback=around.loopback)):
            yield Complaint(entry.line_of(key), f"{key}: {entry.text(key)} {problem}")


def origins_are_safe(entry: Entry, around: Surroundings) -> Complaints:
    widget = entry.values.get("widget", {})
    lists = [(key, "", entry.items(key)) for key in ("web_origins", "form_action_origins")]
    for key, inner, origins in (*lists, ("widget", ".origins", widget.get("origins", []))):
        for index, origin in enumerate(origins):
            if problem := origin_problem(origin, loopback=around.loopback):
                place: str | int = f"origins.{index}" if inner else index
                yield Complaint(entry.line_of(key, place), f"{key}{inner}: {origin} {problem}")


def it_proves_itself(entry: Entry, _: Surroundings) -> Complaints:
    method = method_of(entry)
    line = entry.line_of("token_endpoint_auth_method")
    if method in WITH_SECRET and "client_secret" not in entry.values and "client_secret" not in entry.lines:
        yield Complaint(line, f"client_secret is missing and {method} needs it; write one, or another method")
    if method == ClientAuthentication.PRIVATE_KEY_JWT and not {"jwks", "jwks_uri"} & set(entry.lines):
        yield Complaint(
            line, "jwks is missing and private_key_jwt needs it; write the client's public keys or jwks_uri"
        )
    for key, methods in (
        ("client_secret", WITH_SECRET),
        ("token_endpoint_auth_signing_alg", SIGNING),
    ):
        if key in entry.lines and method not in methods:
            message = (
                f"{key}: is never used with {method}; take it out, or write token_endpoint_auth_method: {methods[0]}"
            )
            yield Complaint(entry.line_of(key), message)


def certificates_are_known(entry: Entry, _: Surroundings) -> Complaints:
    """RFC 8705 section 2.1.2: exactly one name; ours: the authority that answers for it. Section 2.2: the key."""
    method, line = method_of(entry), entry.line_of("token_endpoint_auth_method")
    written = [name for name in CERTIFICATE_NAMES if name in entry.lines]
    if method == ClientAuthentication.TLS:
        if "tls_client_auth_ca" not in entry.lines:
            yield Complaint(
                line, f"tls_client_auth_ca is missing and {method} needs it; write file:PATH of its authority"
            )
        if len(written) != 1:
            message = f"{method} needs exactly one of {', '.join(CERTIFICATE_NAMES)}; write the one name that counts"
            yield Complaint(line, message)
        return
    for key in ("tls_client_auth_ca", *CERTIFICATE_NAMES):
        if key in entry.lines:
            yield Complaint(
                entry.line_of(key), f"{key}: is never used with {method}; take it out, or write tls_client_auth"
            )
    if method == ClientAuthentication.SELF_SIGNED_TLS and not {"jwks", "jwks_uri"} & set(entry.lines):
        yield Complaint(line, f"jwks is missing and {method} needs it; write the keys of its certificates or jwks_uri")


def keys_are_in_one_place(entry: Entry, _: Surroundings) -> Complaints:
    """RFC 7591 section 2: jwks and jwks_uri must not both be there."""
    if "jwks" in entry.lines and "jwks_uri" in entry.lines:
        yield Complaint(entry.line_of("jwks_uri"), "jwks_uri: jwks is written too; keep one of the two")


def assertions_can_be_verified(entry: Entry, _: Surroundings) -> Complaints:
    """RFC 7518 section 3.2: an HMAC is computed with the secret itself, at least as long as its hash."""
    method, alg = method_of(entry), entry.text("token_endpoint_auth_signing_alg")
    line = entry.line_of("token_endpoint_auth_signing_alg")
    if method == ClientAuthentication.SECRET_JWT:
        for index, source in enumerate(entry.items("client_secret")):
            if source.startswith("sha256:"):
                message = (
                    "client_secret: client_secret_jwt computes with the secret itself; write env:NAME or file:PATH"
                )
                yield Complaint(entry.line_of("client_secret", index), message)
        if alg in tuple(SigningAlgorithm):
            yield Complaint(line, f"token_endpoint_auth_signing_alg: {alg} needs a key; write HS256, HS384 or HS512")
    elif alg in tuple(HmacAlgorithm):
        yield Complaint(line, f"token_endpoint_auth_signing_alg: {alg} is for client_secret_jwt; write ES256 or PS256")


def native_clients_hold_no_secret(entry: Entry, _: Surroundings) -> Complaints:
    """RFC 8252 section 8.5: a secret shipped to every machine is no secret."""
    if is_native(entry) and method_of(entry) != ClientAuthentication.NONE:
        line = entry.line_of("token_endpoint_auth_method")
        yield Complaint(line, "application_type: native keeps no secret; write token_endpoint_auth_method: none")


def pkce_is_lifted_only_for_confidential(entry: Entry, _: Surroundings) -> Complaints:
    if entry.values.get("require_pkce") is False and method_of(entry) == ClientAuthentication.NONE:
        message = "require_pkce: a public client always sends a challenge; take it out, or let the client prove itself"
        yield Complaint(entry.line_of("require_pkce"), message)


def scopes_are_known(entry: Entry, around: Surroundings) -> Complaints:
    own = {scope for item in around.resources.values() for scope in item.items("scopes")}
    for scope in entry.text("scope").split():
        if scope not in SCOPES and scope not in own:
            instead = nearest(scope, [*SCOPES, *sorted(own)])
            yield Complaint(entry.line_of("scope"), f"scope: unknown scope {scope}; {instead}")


def pairwise_has_one_sector(entry: Entry, _: Surroundings) -> Complaints:
    """OpenID Connect Core section 8.1: several hosts need a sector_identifier_uri."""
    hosts = {urlsplit(uri).hostname for uri in entry.items("redirect_uris")}
    if (
        entry.text("subject_type") == SubjectType.PAIRWISE
        and len(hosts) > 1
        and "sector_identifier_uri" not in entry.values
    ):
        message = "subject_type: pairwise has redirect URIs on several hosts; write sector_identifier_uri"
        yield Complaint(entry.line_of("subject_type"), message)


def logout_is_whole(entry: Entry, _: Surroundings) -> Complaints:
    if entry.values.get("backchannel_logout_session_required") and "backchannel_logout_uri" not in entry.values:
        line = entry.line_of("backchannel_logout_session_required")
        yield Complaint(line, "backchannel_logout_uri is missing; write it, or take this key out")


def default_resource_is_granted(entry: Entry, around: Surroundings) -> Complaints:
    wanted, line = entry.text("default_resource"), entry.line_of("default_resource")
    if not wanted or wanted == around.issuer:
        return
    resource = around.resources.get(wanted)
    if resource is None:
        instead = nearest(wanted, list(around.resources))
        yield Complaint(line, f"default_resource: {wanted} is not one of the resources; {instead}")
    elif entry.text("client_id") not in resource.items("clients"):
        yield Complaint(line, f"default_resource: this client is not among the clients of {wanted}; write it there")


def exchanges_are_between_clients(entry: Entry, around: Surroundings) -> Complaints:
    yield from unknown_clients(entry, "may_exchange_for", around)
    if entry.items("may_exchange_for") and method_of(entry) == ClientAuthentication.NONE:
        line = entry.line_of("may_exchange_for")
        yield Complaint(line, "may_exchange_for: only a client that proves itself may; write a secret or jwks")


def theme_exists(entry: Entry, around: Surroundings) -> Complaints:
    if around.themes is not None and "theme" in entry.values and entry.text("theme") not in around.themes:
        theme = entry.text("theme")
        instead = nearest(theme, sorted(around.themes))
        yield Complaint(entry.line_of("theme"), f"theme: there is no theme {theme}; {instead}")


def widget_is_whole(entry: Entry, _: Surroundings) -> Complaints:
    widget = entry.values.get("widget", {})
    missing = "widget.origins" not in entry.lines or widget.get("origins") == []
    if "widget" in entry.values and widget.get("enabled", True) and missing:
        message = "widget.origins is missing; write the pages that may frame it, or enabled: false"
        yield Complaint(entry.line_of("widget"), message)


def grants_of(entry: Entry) -> list[str]:
    return list(entry.values.get("grant_types", [GrantType.AUTHORIZATION_CODE]))


def is_native(entry: Entry) -> bool:
    return entry.text("application_type") == "native"


CLIENT_CHECKS: tuple[Check, ...] = (
    client_id_is_its_own,
    name_is_plain,
    grants_belong_together,
    redirects_are_there,
    redirects_are_safe,
    addresses_are_safe,
    origins_are_safe,
    it_proves_itself,
    certificates_are_known,
    keys_are_in_one_place,
    assertions_can_be_verified,
    *ENCRYPTION_CHECKS,
    native_clients_hold_no_secret,
    pkce_is_lifted_only_for_confidential,
    scopes_are_known,
    pairwise_has_one_sector,
    logout_is_whole,
    default_resource_is_granted,
    exchanges_are_between_clients,
    theme_exists,
    widget_is_whole,
    *LEGACY_WIDGET_CHECKS,
    *PROFILE_CHECKS,
)
