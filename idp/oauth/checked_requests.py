"""Requests that this process has checked, for the next step of their transactions.

What a transaction asks never changes, and what it was checked against only by a reload, which swaps the registry whole:
as long as that is the same one, a second look would find the same. Another process looks for itself.
"""

from __future__ import annotations

from idp.domain.portals.clients import ClientRegistry
from idp.domain.portals.requests import AuthorizationRequest

MOST = 1_000


class CheckedRequests:
    """By the transactions that were begun for them."""

    def __init__(self) -> None:
        # Swapped whole: a thread that has looked at the one must not be given of the other.
        self._kept: tuple[ClientRegistry | None, dict[str, AuthorizationRequest]] = (None, {})

    def find(self, transaction_id: str, registry: ClientRegistry) -> AuthorizationRequest | None:
        """The request, if it was checked against this very registry."""
        against, requests = self._kept
        return requests.get(transaction_id) if against is registry else None

    def keep(self, transaction_id: str, asked: AuthorizationRequest, registry: ClientRegistry) -> None:
        """Clients that registered themselves are in no registry and may change at any time: what names one is not
        kept, nor what was checked against another registry than this."""
        named = (asked.client, asked.hint.client) if asked.hint else (asked.client,)
        if any(registry.find(client.client_id) is not client for client in named):
            return
        against, requests = self._kept
        if against is not registry or len(requests) >= MOST:
            requests = {}
            self._kept = (registry, requests)
        requests[transaction_id] = asked

    def forget(self, transaction_id: str) -> None:
        """It is answered: what it said of a person is of no more use."""
        self._kept[1].pop(transaction_id, None)
