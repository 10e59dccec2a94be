"""Finding a partner: in clients.yaml, in memory; else among the clients that registered themselves.

Nothing of the second kind is kept in memory: a client that was removed is gone for every process at once. `find_client`
is a look-up with a read of its own, for before a transaction; `find_client_within` is the step for inside one.
"""

from __future__ import annotations

from dataclasses import replace

from idp.domain.portals.clients import Client
from idp.domain.portals.registered_clients import LONGEST_ORIGIN, logo_path, may_be_registered
from idp.domain.portals.registry_content import client_from
from idp.store.database import Connected
from idp.store.portals.registered_clients import find_registered, is_registered_origin
from idp.usecases.deps import Deps
from idp.usecases.portals.client_secrets import with_secret


def find_client(deps: Deps, client_id: str) -> Client | None:
    """The client of that identifier, or None: no statement for clients.yaml, one for the others."""
    known = deps.registry().find(client_id)
    if known is not None or not may_be_registered(client_id):
        return known
    return _looked_up(deps, client_id)


def find_client_within(connection: Connected, deps: Deps, client_id: str) -> Client | None:
    """The same in a transaction that is open."""
    known = deps.registry().find(client_id)
    if known is not None or not may_be_registered(client_id):
        return known
    return _registered(connection, deps, client_id)


def is_client_origin(deps: Deps, origin: str) -> bool:
    """Whether some client registered this origin for its pages: no statement for clients.yaml, one for the others."""
    if any(origin in client.web_origins for client in deps.registry().clients.values()):
        return True
    if not 0 < len(origin) <= LONGEST_ORIGIN or not origin.isascii() or not origin.isprintable():
        return False
    with deps.read() as connection:
        return is_registered_origin(connection, origin)


def _looked_up(deps: Deps, client_id: str) -> Client | None:
    with deps.read() as connection:
        return _registered(connection, deps, client_id)


def _registered(connection: Connected, deps: Deps, client_id: str) -> Client | None:
    found = find_registered(connection, client_id)
    if found is None:
        return None
    client = with_secret(connection, deps, client_from(found.content))
    return client if found.logo_digest is None else replace(client, logo_path=logo_path(client_id, found.logo_digest))
