"""A registered client's logo: fetched once, written anew by us, served by us. People's browsers never ask its host."""

from __future__ import annotations

from urllib.parse import urlsplit

from idp.adapters.logo_images import logo_png
from idp.adapters.outbound import OutboundAnswer
from idp.domain.portals.registered_clients import may_be_registered
from idp.domain.portals.registry_content import client_from
from idp.store.portals.client_logos import find_logo, keep_logo
from idp.store.portals.registered_clients import find_registered
from idp.usecases.deps import Deps


def fetch_logo(deps: Deps, client_id: str) -> bool:
    """Fetch and keep it; False when there is nothing to keep. It is tried once: a name is enough for a page."""
    uri = _logo_uri(deps, client_id)
    if not uri:
        return False
    answer = deps.outbound.get_picture(uri)
    png = logo_png(answer.body) if isinstance(answer, OutboundAnswer) and answer.status == 200 else None
    if png is None:
        reason = "not a picture we take" if isinstance(answer, OutboundAnswer) else str(answer.reason)
        facts: dict[str, str | int] = {"client_id": client_id, "host": urlsplit(uri).hostname or "", "reason": reason}
        deps.log.event("client.logo_not_fetched", facts)
        return False
    with deps.transaction() as connection:
        found = find_registered(connection, client_id)
        still = found is not None and client_from(found.content).logo_uri == uri
        if still:
            keep_logo(connection, client_id, png, deps.clock.now())
    return still


def logo_of(deps: Deps, client_id: str) -> bytes | None:
    """The picture to serve for this client, or None."""
    if not may_be_registered(client_id):
        return None
    with deps.read() as connection:
        return find_logo(connection, client_id)


def _logo_uri(deps: Deps, client_id: str) -> str:
    with deps.read() as connection:
        found = find_registered(connection, client_id)
    return client_from(found.content).logo_uri if found else ""
