"""What is true of this server, as OpenID Connect Discovery 1.0 section 3 and RFC 8414 section 2 name it.

Built from what is wired: an endpoint is announced only when the application routes it. Every member that the texts
give a default is written out, so that nobody has to know the default.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from idp.domain.platform.keys import HmacAlgorithm
from idp.domain.portals.authentication_methods import BY_CERTIFICATE, WIRED
from idp.domain.portals.authorization_details import TYPES
from idp.domain.portals.claims import CLAIMS_BY_SCOPE
from idp.domain.portals.clients import GrantType, ResponseMode, SigningAlgorithm, SubjectType
from idp.domain.portals.dpop_proofs import ALGORITHMS as DPOP_ALGORITHMS
from idp.domain.portals.encryption import ENCRYPTED, ContentEncryption, KeyManagement
from idp.domain.portals.portal_rules import PortalRules
from idp.oauth.client_authentication import PROVEN

PROTOCOL_CLAIMS = {"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "channel", "sid"}
ENDPOINTS = {
    "authorization_endpoint": "/authorize",
    "token_endpoint": "/token",
    "userinfo_endpoint": "/userinfo",
    "jwks_uri": "/jwks",
    "introspection_endpoint": "/introspect",
    "revocation_endpoint": "/revoke",
    "end_session_endpoint": "/end-session",
    "device_authorization_endpoint": "/device_authorization",
    "registration_endpoint": "/register",
    "pushed_authorization_request_endpoint": "/par",
}
FOR_BROWSERS = ("authorization_endpoint", "end_session_endpoint")
AUTHENTICATED_ENDPOINTS = {
    "token_endpoint": WIRED,
    "introspection_endpoint": PROVEN,
    "revocation_endpoint": WIRED,
}


def server_metadata(
    issuer: str,
    routed: Collection[str],
    *,
    acr_values: Collection[str],
    rules: PortalRules,
    mtls_issuer: str = "",
) -> Mapping[str, Any]:
    """The discovery document of the server at `issuer`, which answers the paths in `routed`."""
    announced = {name: issuer + path for name, path in ENDPOINTS.items() if path in routed}
    return {
        "issuer": issuer,
        **announced,
        **_authorization_requests(acr_values),
        **_request_objects(rules),
        **_answers(),
        **_client_authentication(announced, mtls_issuer),
        **_mutual_tls(announced, issuer, mtls_issuer),
        **_logout("end_session_endpoint" in announced),
    }


def _authorization_requests(acr_values: Collection[str]) -> dict[str, Any]:
    return {
        "response_types_supported": ["code"],
        "response_modes_supported": [mode.value for mode in ResponseMode],
        "grant_types_supported": [grant.value for grant in GrantType],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "scopes_supported": sorted({"openid", "offline_access", *CLAIMS_BY_SCOPE}),
        "acr_values_supported": sorted(acr_values),
        "display_values_supported": ["page"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": ["fr", "en"],
        "claims_parameter_supported": True,
        "authorization_details_types_supported": sorted(TYPES),
    }


def _request_objects(rules: PortalRules) -> dict[str, Any]:
    return {
        "request_parameter_supported": True,
        "request_uri_parameter_supported": True,
        "require_request_uri_registration": True,
        "require_signed_request_object": False,
        "require_pushed_authorization_requests": rules.require_pushed_requests,
        "request_object_signing_alg_values_supported": [algorithm.value for algorithm in SigningAlgorithm],
    }


def _answers() -> dict[str, Any]:
    algorithms = [algorithm.value for algorithm in SigningAlgorithm]
    return {
        "subject_types_supported": [kind.value for kind in SubjectType],
        "id_token_signing_alg_values_supported": algorithms,
        "userinfo_signing_alg_values_supported": algorithms,
        **_encryption(),
        "authorization_signing_alg_values_supported": algorithms,
        "introspection_signing_alg_values_supported": algorithms,
        "claim_types_supported": ["normal"],
        "claims_supported": sorted(PROTOCOL_CLAIMS.union(*CLAIMS_BY_SCOPE.values())),
        "dpop_signing_alg_values_supported": [alg.value for alg in DPOP_ALGORITHMS],
    }


def _encryption() -> dict[str, Any]:
    algorithms = {
        "alg": [alg.value for alg in KeyManagement],
        "enc": [enc.value for enc in ContentEncryption],
    }
    return {f"{kind}_encryption_{part}_values_supported": algorithms[part] for kind in ENCRYPTED for part in algorithms}


def _client_authentication(announced: Collection[str], mtls_issuer: str) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for endpoint, methods in AUTHENTICATED_ENDPOINTS.items():
        if endpoint in announced:
            members[f"{endpoint}_auth_methods_supported"] = sorted(methods if mtls_issuer else methods - BY_CERTIFICATE)
            members[f"{endpoint}_auth_signing_alg_values_supported"] = [*SigningAlgorithm, *HmacAlgorithm]
    return members


def _mutual_tls(announced: Mapping[str, str], issuer: str, mtls_issuer: str) -> dict[str, Any]:
    """RFC 8705 sections 3.3 and 5: other addresses, so that no browser is ever asked for a certificate."""
    said: dict[str, Any] = {"tls_client_certificate_bound_access_tokens": bool(mtls_issuer)}
    if mtls_issuer:
        said["mtls_endpoint_aliases"] = {
            name: mtls_issuer + address.removeprefix(issuer)
            for name, address in announced.items()
            if name.endswith("_endpoint") and name not in FOR_BROWSERS
        }
    return said


def _logout(wired: bool) -> dict[str, Any]:
    return {
        "backchannel_logout_supported": wired,
        "backchannel_logout_session_supported": wired,
        "frontchannel_logout_supported": False,
        "frontchannel_logout_session_supported": False,
    }


def resource_metadata(issuer: str) -> Mapping[str, Any]:
    """Our own protected resource, userinfo (RFC 9728 section 2), under the issuer: the audience of its tokens."""
    return {
        "resource": issuer,
        "authorization_servers": [issuer],
        "jwks_uri": f"{issuer}/jwks",
        "scopes_supported": sorted({"openid", *CLAIMS_BY_SCOPE}),
        "bearer_methods_supported": ["header", "body"],
        "resource_name": "UserInfo",
        "resource_signing_alg_values_supported": [algorithm.value for algorithm in SigningAlgorithm],
        "dpop_signing_alg_values_supported": [alg.value for alg in DPOP_ALGORITHMS],
        "dpop_bound_access_tokens_required": False,
        "tls_client_certificate_bound_access_tokens": False,
    }
