"""A registry as plain data for the database ("last good"), and back. Secrets appear as digests only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from enum import Enum
from types import MappingProxyType
from typing import Any

from idp.domain.platform.keys import HmacAlgorithm
from idp.domain.portals.built_in_clients import gateway_client
from idp.domain.portals.clients import (
    GATEWAY_CLIENT_ID,
    Client,
    ClientAuthentication,
    ClientRegistry,
    GrantType,
    Match,
    Resource,
    SecretDigest,
    SigningAlgorithm,
    SubjectType,
)
from idp.domain.portals.encryption import ENCRYPTED, ContentEncryption, KeyManagement
from idp.domain.portals.legacy_widgets import LegacyWidget, legacy_widget_from
from idp.domain.portals.profiles import Profile
from idp.domain.portals.widgets import Widget, widget_from
from idp.domain.sign_in.assurance import Acr

NONE: Mapping[str, Any] = MappingProxyType({})
READ: Mapping[str, Callable[[Any], Any]] = {
    "profile": Profile,
    "grant_types": lambda value: frozenset(map(GrantType, value)),
    "scopes": frozenset,
    "clients": frozenset,
    "token_endpoint_auth_method": ClientAuthentication,
    "token_endpoint_auth_signing_alg": lambda value: value and assertion_algorithm(value),
    "id_token_signed_response_alg": SigningAlgorithm,
    "userinfo_signed_response_alg": lambda value: value and SigningAlgorithm(value),
    **{f"{kind}_encrypted_response_alg": lambda value: value and KeyManagement(value) for kind in ENCRYPTED},
    **{f"{kind}_encrypted_response_enc": ContentEncryption for kind in ENCRYPTED},
    "required_acr": lambda value: value and Acr(value),
    "signing_alg": SigningAlgorithm,
    "subject_type": SubjectType,
    "match": Match,
    "secrets": lambda value: tuple(SecretDigest(bytes.fromhex(item["digest"]), item["source"]) for item in value),
    "widget": lambda value: widget_from(value) if value else None,
    "legacy_widget": lambda value: legacy_widget_from(value) if value else None,
}


def assertion_algorithm(name: str) -> SigningAlgorithm | HmacAlgorithm:
    """What assertions may be signed with: by a key, or by a secret."""
    return HmacAlgorithm(name) if name in tuple(HmacAlgorithm) else SigningAlgorithm(name)


def make_registry(
    issuer: str, clients: list[Client], resources: list[Resource], publishers: Mapping[str, Mapping[str, Any]] = NONE
) -> ClientRegistry:
    """The registry of these partners and the built-in client, named by the digest of what it says."""
    content = {
        "clients": [_plain(client) for client in clients],
        "resources": [_plain(item) for item in resources],
        "software_publishers": _plain(publishers),
    }
    everyone = [gateway_client(issuer), *clients]
    return ClientRegistry(
        digest=_digest(content),
        clients=MappingProxyType({client.client_id: client for client in everyone}),
        resources=MappingProxyType({item.identifier: item for item in resources}),
        publishers=MappingProxyType(dict(publishers)),
    )


def content_of(registry: ClientRegistry) -> dict[str, Any]:
    """The registry as JSON data, without the built-in client."""
    clients = [client for client in registry.clients.values() if client.client_id != GATEWAY_CLIENT_ID]
    return {
        "clients": [_plain(client) for client in clients],
        "resources": [_plain(resource) for resource in registry.resources.values()],
        "software_publishers": _plain(registry.publishers),
    }


def registry_from(content: Mapping[str, Any], issuer: str) -> ClientRegistry:
    """The registry that this JSON data was made from; what an older version did not know has its default."""
    clients = [Client(**_values(Client, item)) for item in content["clients"]]
    resources = [Resource(**_values(Resource, item)) for item in content["resources"]]
    return make_registry(issuer, clients, resources, content.get("software_publishers", NONE))


def client_content(client: Client) -> dict[str, Any]:
    """One client as JSON data."""
    content: dict[str, Any] = _plain(client)
    return content


def client_from(content: Mapping[str, Any]) -> Client:
    """The client that this JSON data was made from."""
    return Client(**_values(Client, content))


def with_secrets(registry: ClientRegistry, fresh: Mapping[str, SecretDigest], issuer: str) -> ClientRegistry:
    """The same registry with the digests that these sources have now (an env: secret is new after a restart)."""
    clients = [
        replace(
            client,
            secrets=tuple(_fitting(client, fresh.get(old.source, old)) for old in client.secrets),
        )
        for client in registry.clients.values()
        if client.client_id != GATEWAY_CLIENT_ID
    ]
    return make_registry(issuer, clients, list(registry.resources.values()), registry.publishers)


def _fitting(client: Client, secret: SecretDigest) -> SecretDigest:
    """The secret itself stays only with a client that computes with it."""
    keep = client.token_endpoint_auth_method is ClientAuthentication.SECRET_JWT
    return secret if keep else replace(secret, secret="")


def _digest(content: dict[str, Any]) -> str:
    """Names the version. An env: secret counts by its name: each process has its own environment, and it only
    changes at a restart, so two nodes (or the operator's shell) must not differ by it."""
    clients = [{**client, "secrets": [_named(secret) for secret in client["secrets"]]} for client in content["clients"]]
    text = json.dumps({**content, "clients": clients}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _named(secret: Mapping[str, str]) -> str:
    return secret["source"] if secret["source"].startswith("env:") else secret["digest"]


def _values(kind: type, item: Mapping[str, Any]) -> dict[str, Any]:
    known = {field.name for field in fields(kind)}
    return {key: READ.get(key, _tupled)(value) for key, value in item.items() if key in known}


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Client | Resource | Widget | LegacyWidget):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, SecretDigest):
        return {"digest": value.digest.hex(), "source": value.source}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(_plain(item) for item in value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
