"""How a client may prove itself at /token and wherever else it speaks to us directly."""

from __future__ import annotations

from enum import StrEnum


class ClientAuthentication(StrEnum):
    """How a client proves itself at the token endpoint (OpenID Connect Core section 9, RFC 8705 section 2)."""

    SECRET_BASIC = "client_secret_basic"
    SECRET_POST = "client_secret_post"
    SECRET_JWT = "client_secret_jwt"
    PRIVATE_KEY_JWT = "private_key_jwt"
    TLS = "tls_client_auth"
    SELF_SIGNED_TLS = "self_signed_tls_client_auth"
    NONE = "none"


BY_CERTIFICATE = frozenset({ClientAuthentication.TLS, ClientAuthentication.SELF_SIGNED_TLS})
"""RFC 8705 section 2: only where the gateway has an address for mutual TLS."""
WIRED = frozenset(ClientAuthentication)
"""Those that the gateway carries out: a registry may name them, and discovery announces them."""
