"""Secrets that a client of client_secret_jwt computes with: kept encrypted, since a digest cannot verify an HMAC."""

from __future__ import annotations

from dataclasses import replace

from idp.domain.portals.clients import Client, ClientAuthentication
from idp.store.database import Connected
from idp.store.platform.keys import SealedRow, delete_sealed, find_sealed, insert_sealed
from idp.usecases.deps import Deps


def seal_secret(deps: Deps, client: Client) -> SealedRow | None:
    """The row to keep for this client, made before the transaction; None when a digest is enough."""
    if client.token_endpoint_auth_method is not ClientAuthentication.SECRET_JWT:
        return None
    name = secret_name(client.client_id)
    return SealedRow(name, *deps.sealer.seal(name, client.secrets[0].secret.encode()))


def keep_secret(connection: Connected, deps: Deps, client_id: str, sealed: SealedRow | None) -> None:
    """Put it in the place of what was kept of this client."""
    delete_sealed(connection, secret_name(client_id))
    if sealed is not None:
        insert_sealed(connection, sealed, deps.clock.now())


def with_secret(connection: Connected, deps: Deps, client: Client) -> Client:
    """The client with the secret that it computes with: one more statement, for client_secret_jwt alone."""
    if client.token_endpoint_auth_method is not ClientAuthentication.SECRET_JWT:
        return client
    row = find_sealed(connection, secret_name(client.client_id))
    if row is None:
        return client
    secret = deps.sealer.open(row.name, row.sealed, row.key_encryption_key_id).decode()
    return replace(client, secrets=tuple(replace(item, secret=secret) for item in client.secrets))


def secret_name(client_id: str) -> str:
    """What the sealed value belongs to."""
    return f"client secret {client_id}"
