"""What is allowed in a registry and still worth saying to the operator."""

from __future__ import annotations

from collections.abc import Iterator

from idp.domain.portals.authentication_methods import BY_CERTIFICATE
from idp.domain.portals.clients import Client, ClientRegistry


def registry_notes(registry: ClientRegistry) -> Iterator[str]:
    """One sentence each, client by client."""
    for client in registry.clients.values():
        yield from _client_notes(client)


def _client_notes(client: Client) -> Iterator[str]:
    if not client.demands_pkce:
        lifted = "require_pkce: false" if client.require_pkce is False else f"profile: {client.profile} without PKCE"
        yield f"{client.client_id}: {lifted}; a stolen code can be used by whoever has its secret"
    if len(client.secrets) == 2:
        yield f"{client.client_id}: two secrets are accepted; take the old one out when the partner has changed"
    for name in environment_names(client):
        yield f"{client.client_id}: the secret in env:{name} changes only when the gateway is restarted"
    if client.widget and not client.widget.enabled:
        yield f"{client.client_id}: its widget is switched off"
    if client.legacy_widget and client.legacy_widget.enabled:
        yield f"{client.client_id}: its old widget is on; its pages see passwords, so lead it to the new one"


def environment_names(client: Client) -> list[str]:
    """The environment names that hold this client's secrets."""
    return [secret.source.removeprefix("env:") for secret in client.secrets if secret.source.startswith("env:")]


def needs_certificates(client: Client) -> bool:
    """Whether this client gets nothing before the gateway has an address for certificates (IDP_MTLS_ISSUER)."""
    return client.token_endpoint_auth_method in BY_CERTIFICATE or client.tls_client_certificate_bound_access_tokens
