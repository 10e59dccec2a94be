"""The steps that make a client of its metadata. They take no connection: one may call the client's own host."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from idp.adapters.machine_secrets import SecretReader, secret_digest
from idp.adapters.outbound import OutboundAnswer
from idp.domain.portals.client_metadata import (
    MetadataError,
    MetadataProblem,
    Terms,
    needs_secret,
    read_metadata,
    registered_metadata,
)
from idp.domain.portals.clients import Client, ClientAuthentication, SecretDigest
from idp.domain.portals.registry_building import build_client
from idp.domain.portals.registry_entries import Entry
from idp.usecases.deps import Deps

SOURCE = "registered"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A client that may be written. `secret` is empty when it has none, or keeps the one it had."""

    client: Client
    registered: Mapping[str, Any]
    secret: str = field(default="", repr=False)


def propose(
    deps: Deps, sent: Mapping[str, Any], terms: Terms, kept: tuple[SecretDigest, ...] = ()
) -> Proposal | MetadataProblem:
    """The client that this metadata describes. `kept` are the secrets it has already."""
    entry = read_metadata(sent, terms, deps.issuer)
    if isinstance(entry, MetadataProblem):
        return entry
    problem = _keys_problem(entry) or _sector_problem(deps, entry)
    if problem:
        return MetadataProblem(MetadataError.INVALID_CLIENT_METADATA, problem)
    if not needs_secret(entry):
        client = build_client(entry, ())
        return Proposal(client, registered_metadata(entry, client))
    computes = entry.text("token_endpoint_auth_method") == ClientAuthentication.SECRET_JWT
    fitting = tuple(item for item in kept if bool(item.secret) is computes)
    secret = "" if fitting else deps.random.token(64 if computes else 32)  # RFC 7518 section 3.2: HS512 takes 64 bytes
    made = SecretDigest(secret_digest(secret), SOURCE, secret if computes else "")
    client = build_client(entry, fitting or (made,))
    return Proposal(client, registered_metadata(entry, client), secret)


def _keys_problem(entry: Entry) -> str:
    """The same demands as on keys in clients.yaml; here a set is always written out, never a file's name."""
    if "jwks" not in entry.values:
        return ""
    keys = SecretReader(Path(), {}).key_set(dict(entry.values["jwks"]))
    return f"jwks: {keys}" if isinstance(keys, str) else ""


def _sector_problem(deps: Deps, entry: Entry) -> str:
    """OpenID Connect Registration section 5: the document must list every redirect URI. Nothing of it is shown."""
    uri = entry.text("sector_identifier_uri")
    if not uri:
        return ""
    answer = deps.outbound.get(uri)
    listed = _texts(answer.body) if isinstance(answer, OutboundAnswer) and answer.status == 200 else None
    if listed is None:
        deps.log.event("client.sector_not_read", {"host": urlsplit(uri).hostname or ""})
        return "sector_identifier_uri: cannot be read as a JSON array of redirect URIs"
    missing = [redirect for redirect in entry.items("redirect_uris") if redirect not in listed]
    return f"sector_identifier_uri: does not list {missing[0]}" if missing else ""


def _texts(body: bytes) -> frozenset[str] | None:
    try:
        listed = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        return None
    return frozenset(listed)
