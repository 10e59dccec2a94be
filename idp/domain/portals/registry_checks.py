"""What the keys of clients.yaml demand of one another: every check over every entry, in order."""

from __future__ import annotations

from collections.abc import Sequence

from idp.domain.portals.client_checks import CLIENT_CHECKS
from idp.domain.portals.registry_entries import Complaint, Entry
from idp.domain.portals.registry_surroundings import Complaints, Surroundings
from idp.domain.portals.resource_checks import RESOURCE_CHECKS


def check_registry(
    clients: Sequence[Entry], resources: Sequence[Entry], issuer: str, themes: frozenset[str] | None
) -> Complaints:
    """Everything that is wrong between keys, entry by entry."""
    around = Surroundings(
        {entry.text("client_id"): entry for entry in reversed(clients)},
        {entry.text("identifier"): entry for entry in reversed(resources)},
        issuer,
        themes,
    )
    for key, entries, checks in (("client_id", clients, CLIENT_CHECKS), ("identifier", resources, RESOURCE_CHECKS)):
        for entry in entries:
            for check in checks:
                for complaint in check(entry, around):
                    yield Complaint(complaint.line, f"{entry.text(key)}: {complaint.message}")
