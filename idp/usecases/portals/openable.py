"""The portals that a person may open from our own page."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from idp.domain.portals.initiated_login import may_be_opened, start_uri
from idp.domain.sign_in.sessions import LiveSession
from idp.store.portals.connections import clients_of_sessions
from idp.usecases.deps import Deps
from idp.usecases.portals.clients import find_client_within


@dataclass(frozen=True, slots=True)
class OpenablePortal:
    """A portal by the name people know, and where it begins a sign-in with us."""

    name: str
    address: str

    @property
    def host(self) -> str:
        """Whose address it is."""
        return urlsplit(self.address).hostname or ""


def openable_portals(deps: Deps, session: LiveSession) -> list[OpenablePortal]:
    """Those of clients.yaml, and those that registered themselves and that this session has reached already.

    A stranger's registration thus never puts a link before people who have not been there.
    """
    known = deps.registry().clients
    with deps.read() as connection:
        reached = clients_of_sessions(connection, [session.id]).get(session.id, ())
        found = [find_client_within(connection, deps, client_id) for client_id in set(reached) - set(known)]
    clients = [client for client in (*known.values(), *found) if client is not None and may_be_opened(client)]
    portals = [
        OpenablePortal(client.client_name or client.client_id, start_uri(client, deps.issuer)) for client in clients
    ]
    return sorted(portals, key=lambda portal: portal.name.casefold())
