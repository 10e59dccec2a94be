"""What a use case may do to the world. Built by wiring.py; each doer has a quiet twin beside it for tests."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from idp.adapters.clock import Clock
from idp.adapters.keyed_hash import KeyedHash
from idp.adapters.randomness import Randomness
from idp.domain.platform.lifetimes import Lifetimes
from idp.domain.portals.clients import ClientRegistry
from idp.store.database import Connected, Database


@dataclass(frozen=True, slots=True)
class Deps:
    """The doers. No module-level client, no global server object: a use case gets this and nothing else."""

    issuer: str
    lifetimes: Lifetimes
    clock: Clock
    random: Randomness
    keyed_hash: KeyedHash
    database: Database
    registry: Callable[[], ClientRegistry]
    """The registry as it is now; swapped whole by a reload, so take it once per request."""

    def transaction(self) -> AbstractContextManager[Connected]:
        """One write transaction."""
        return self.database.transaction()

    def read(self) -> AbstractContextManager[Connected]:
        """One read."""
        return self.database.read()
