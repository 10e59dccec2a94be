"""Who acts: carried by every use case and written in every audit row."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ActorRole(StrEnum):
    """In which capacity someone or something acts."""

    ANONYMOUS = "anonymous"
    PERSON = "person"
    CLIENT = "client"
    OPERATOR = "operator"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who (`name`: a subject, a client_id, an operator's login), in which role, from where, in which request."""

    role: ActorRole
    name: str = ""
    address: str = ""
    """The peer's IP address after proxy resolution, or empty for commands and jobs."""
    request_id: str = ""
    organisation: str = ""
    """The SIRET acted for, or empty."""
