"""Encrypting what we say to one client (RFC 7516, compact form). Nothing is kept: each text has a content key of its
own, and each ECDH-ES an ephemeral key of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry, encrypt_compact
from joserfc.jwk import import_key

from idp.domain.portals.encryption import ContentEncryption, KeyManagement

UNFIT = (JoseError, ValueError, KeyError, TypeError, AttributeError, OverflowError)
"""What a key does that looks right and is none: a point off its curve, one of low order."""
ALGORITHMS = JWERegistry(algorithms=[*KeyManagement, *ContentEncryption], strict_check_header=False)
"""Not strict: a header may hold claims (RFC 7519 section 5.3)."""


def encrypt_to(
    jwk: Mapping[str, Any], text: str, alg: KeyManagement, enc: ContentEncryption, header: Mapping[str, str]
) -> str | None:
    """A compact JWE of `text` that only the holder of the private key reads; None when the key is none. The header
    names the key by its kid (OpenID Connect Core section 10.2) and holds `header` too."""
    named = {"kid": jwk["kid"]} if "kid" in jwk else {}
    protected = {"alg": alg.value, "enc": enc.value, **named, **header}
    try:
        # Only what makes the key: `use`, `alg` and `key_ops` were looked at when it was chosen.
        key = import_key({name: jwk[name] for name in ("kty", "n", "e", "crv", "x", "y") if name in jwk})
        return encrypt_compact(protected, text.encode(), key, registry=ALGORITHMS)
    except UNFIT:
        return None
