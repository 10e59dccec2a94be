"""The partner that a page speaks of, found for pages of any wing."""

from __future__ import annotations

from idp.domain.portals.clients import Client
from idp.http.deps import current_deps
from idp.usecases.portals.clients import find_client


def partner_named(client_id: str) -> Client | None:
    """The client of that identifier, or None."""
    return find_client(current_deps(), client_id)
