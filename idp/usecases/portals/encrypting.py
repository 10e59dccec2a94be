"""The step that encrypts to a client. It takes no connection: it may wait for the client's own host."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from idp.adapters.encrypter import encrypt_to
from idp.domain.portals.clients import Client
from idp.domain.portals.encryption import ContentEncryption, KeyManagement, encryption_key
from idp.usecases.deps import Deps
from idp.usecases.portals.client_keys import client_keys_where

NESTED: Mapping[str, str] = MappingProxyType({"cty": "JWT"})
"""What is encrypted is signed (RFC 7519 section 5.2)."""
PLAIN: Mapping[str, str] = MappingProxyType({})


def encrypted(
    deps: Deps,
    client: Client,
    text: str,
    alg: KeyManagement,
    enc: ContentEncryption,
    header: Mapping[str, str] = NESTED,
) -> str | None:
    """`text` for this client alone; None when none of its keys serves, or its host gives none: the log says so."""
    keys = client_keys_where(deps, client, lambda known: encryption_key(known, alg) is not None)
    key = encryption_key(keys, alg)
    made = encrypt_to(key, text, alg, enc, header) if key else None
    if made is None:
        host = urlsplit(client.jwks_uri).hostname or ""
        deps.log.event("client_keys.none_encrypts", {"client_id": client.client_id, "host": host, "alg": alg.value})
    return made


def can_encrypt(deps: Deps, client: Client, alg: KeyManagement) -> bool:
    """Whether one of the client's keys really serves, tried on a text of our own."""
    return encrypted(deps, client, "", alg, ContentEncryption.A256GCM) is not None
