"""What the keys of clients.yaml demand of one another: one small check each, run from the ordered tables at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from idp.domain.portals.registry_entries import Complaint, Entry

Complaints = Iterator[Complaint]


def check_registry(
    clients: Sequence[Entry], resources: Sequence[Entry], issuer: str, themes: frozenset[str] | None
) -> Complaints:
    """Everything that is wrong between keys, entry by entry."""
    yield from ()


ClientCheck = Callable[[Entry], Complaints]
