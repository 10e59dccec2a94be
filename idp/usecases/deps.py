"""What a use case may do to the world. Built by wiring.py; each doer has a quiet twin beside it for tests."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType

from idp.adapters.assertions import AssertionVerifier
from idp.adapters.clock import Clock
from idp.adapters.couriers import Couriers
from idp.adapters.hash_threads import HasherUnavailable as HasherUnavailable  # doors answer 503 to it
from idp.adapters.hasher import Hasher
from idp.adapters.key_sets import KeyShelf
from idp.adapters.keyed_hash import KeyedHash
from idp.adapters.logs import EventLog
from idp.adapters.mailer import Mailer
from idp.adapters.metrics import Metrics
from idp.adapters.outbound import Outbound
from idp.adapters.randomness import Randomness
from idp.adapters.sealer import Sealer
from idp.adapters.signer import NoSigningKey as NoSigningKey  # doors answer 503 to it
from idp.adapters.signer import Signer
from idp.domain.people.rules import PeopleRules
from idp.domain.platform.actors import Actor
from idp.domain.platform.lifetimes import Lifetimes
from idp.domain.portals.clients import ClientRegistry
from idp.domain.portals.portal_rules import PortalRules
from idp.domain.portals.themes import ThemeSet
from idp.store.database import Connected, Database
from idp.store.database import StoreUnavailable as StoreUnavailable  # doors answer 503 to it

LogLines = list[tuple[str, dict[str, str | int]]]


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
    themes: Callable[[], ThemeSet]
    """Every theme as it is now; swapped whole."""
    signer: Signer
    assertions: AssertionVerifier
    client_keys: KeyShelf
    """What clients publish at their jwks_uri, as this process last saw it."""
    sealer: Sealer
    pairwise_salt: Callable[[], bytes]
    """What pairwise subjects are derived from; opened once a process."""
    couriers: Couriers
    outbound: Outbound
    mailer: Mailer
    metrics: Metrics
    log: EventLog
    hasher: Hasher
    people_rules: PeopleRules
    """What the settings demand of accounts."""
    portal_rules: PortalRules
    """What the settings demand of portals."""
    on_session_replaced: Callable[[Deps, Actor, str, str], None]
    """Called with the subject and the id of a session that another person's sign-in in the same browser has ended,
    after the commit: who signs people in knows of no portal. A job follows in case the process dies before."""
    mtls_issuer: str = ""
    """Origin at which clients show certificates to our proxy; empty: nowhere, and none is believed."""

    def transaction(self, *, durable: bool = True) -> AbstractContextManager[Connected]:
        """One write transaction; the log lines left in it are written once it has committed, or never. Not `durable`:
        for what a power failure may undo, because all that comes of it would be committed after it."""
        return self._logged(self.database.transaction(durable=durable))

    def single_write(self) -> AbstractContextManager[Connected]:
        """The same for a use case that writes with one statement alone, which is cheaper."""
        return self._logged(self.database.single_write())

    def _logged(self, opened: AbstractContextManager[Connected]) -> AbstractContextManager[Connected]:
        return Logged(self.log, opened)

    def read(self) -> AbstractContextManager[Connected]:
        """One read."""
        return self.database.read()


class Logged(AbstractContextManager[Connected]):
    """A transaction whose log lines are written once it has committed."""

    def __init__(self, log: EventLog, opened: AbstractContextManager[Connected]) -> None:
        self._log = log
        self._opened = opened
        self._lines: LogLines = []

    def __enter__(self) -> Connected:
        self._connection = self._opened.__enter__()
        self._connection.log_lines = self._lines
        return self._connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.log_lines = None
        self._opened.__exit__(kind, error, trace)
        if error is None:
            for name, fields in self._lines:
                self._log.event(name, fields)


def log_on_commit(connection: Connected, name: str, fields: dict[str, str | int]) -> None:
    """Leave one log line in the open transaction."""
    if connection.log_lines is not None:
        connection.log_lines.append((name, fields))
