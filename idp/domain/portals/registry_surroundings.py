"""What a check of clients.yaml may look at beside the entry it checks, and what checks share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from urllib.parse import urlsplit

from idp.domain.platform.hosts import is_loopback_name
from idp.domain.portals.clients import ClientAuthentication
from idp.domain.portals.registry_entries import Complaint, Entry


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a check may look at beside its own entry."""

    clients: dict[str, Entry]
    resources: dict[str, Entry]
    issuer: str
    themes: frozenset[str] | None

    @property
    def loopback(self) -> bool:
        """Whether the gateway is on this machine only."""
        return is_loopback_name(urlsplit(self.issuer).hostname or "")


Complaints = Iterator[Complaint]
Check = Callable[[Entry, Surroundings], Complaints]


def method_of(entry: Entry) -> str:
    """How the client proves itself, as written or by default."""
    return entry.text("token_endpoint_auth_method", ClientAuthentication.SECRET_BASIC)


def unknown_clients(entry: Entry, key: str, around: Surroundings) -> Complaints:
    """Each name of a list that is no client."""
    for index, name in enumerate(entry.items(key)):
        if name not in around.clients:
            instead = nearest(name, list(around.clients))
            yield Complaint(entry.line_of(key, index), f"{key}: there is no client {name}; {instead}")


def nearest(word: str, known: list[str]) -> str:
    """What to write instead of an unknown word."""
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]}?"
    return f"write one of {', '.join(known)}" if known else "none is registered yet"
