"""`python -m bench`: measures every server, writes the page, and fails when a bound is missed."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field

from bench.flood import flood_section
from bench.frames import FRAMES, frame_misses, frames_section
from bench.hashing import HASH_COST, hash_milliseconds
from bench.load import Turn, less, summarise, take_turn
from bench.loader_size import loader_section
from bench.operations import SIGN_IN, Operation, Visitor
from bench.processes import GENERATOR_CORE
from bench.refusals import refusals_section
from bench.rows import ROWS
from bench.servers import WORK, PostgreSQL, Running, canaille, gateway, oidc_provider, postgresql
from bench.table import (
    CANAILLE,
    OIDC_PROVIDER,
    OIDC_PROVIDER_IN_MEMORY,
    ON_POSTGRESQL,
    ON_SQLITE,
    PAGE,
    Result,
    misses,
    page,
)

TURNS = 7
"""How often each server has its turn at an operation: the machine is not equally fast all the time. Turns of less than
half a second would measure how each begins, and not how it goes on."""


@dataclass(frozen=True, slots=True)
class Party:
    """A started server, its load, and its turns so far."""

    started: Running
    visitors: Sequence[Visitor]
    turns: dict[str, list[Turn]] = field(default_factory=dict)

    def prepare(self) -> None:
        """Anew before each operation: a server in memory forgets who waits while others come."""
        for visitor in self.visitors:
            visitor.prepare()

    def take_turn(self, operation: Operation, seconds: float) -> None:
        """Without the CPU of our password hash, as this machine makes it at this moment."""
        turn = take_turn(operation, self.visitors, seconds=seconds, cpu=self.started.cpu)
        if operation.name == SIGN_IN and self.started.server.name in (ON_POSTGRESQL, ON_SQLITE):
            turn = less(turn, hash_milliseconds())
        self.turns.setdefault(operation.name, []).append(turn)

    def result(self) -> Result:
        """Its figures."""
        costs = {name: summarise(turns) for name, turns in self.turns.items()}
        return Result(self.started.server.name, self.started.start_up, self.started.memory(), costs)


def servers(database: PostgreSQL) -> Iterator[AbstractContextManager[Running]]:
    """Each server, to be started."""
    sqlite = WORK / "gateway.sqlite3"
    for leftover in WORK.glob("gateway.sqlite3*"):
        leftover.unlink()
    url = database.fresh("gateway").replace("postgresql://", "postgresql+psycopg://", 1)
    yield gateway(url, database.pid, ON_POSTGRESQL, cost=HASH_COST)
    yield oidc_provider(database.fresh("peer"), database.pid, OIDC_PROVIDER)
    yield gateway(f"sqlite:///{sqlite}", 0, ON_SQLITE, cost=HASH_COST)
    yield canaille(CANAILLE)
    yield oidc_provider("", 0, OIDC_PROVIDER_IN_MEMORY)


def measured(parties: Sequence[Party], seconds: float) -> list[Result]:
    """All operations: at each, the servers that have it take turns, so that a slow moment is nobody's."""
    for operation in (*ROWS, *FRAMES):
        print(operation.name, flush=True)
        players = [party for party in parties if operation.is_of(party.started.server)]
        for party in players:
            party.prepare()
        for _ in range(TURNS * operation.longer):
            for party in players:
                party.take_turn(operation, seconds / TURNS)
    return [party.result() for party in parties]


def main() -> int:
    """Measure, write, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="how long each operation is repeated")
    parser.add_argument("--connections", type=int, default=4)
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    os.sched_setaffinity(0, {GENERATOR_CORE})
    with postgresql() as database:
        with ExitStack() as running:
            parties = []
            for starting in servers(database):
                started = running.enter_context(starting)
                count = started.server.connections or options.connections
                parties.append(Party(started, [Visitor(started.server, number) for number in range(count)]))
            results = measured(parties, options.seconds)
        flood, flood_misses = flood_section(database)
    refusals = refusals_section()
    gateways = [(one.name, one.costs) for one in results if one.name in (ON_POSTGRESQL, ON_SQLITE)]
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(results, [refusals, flood, frames_section(gateways), loader_section()]))
    print(PAGE.read_text())
    missed = [*misses(results), *flood_misses, *frame_misses(gateways)]
    print("\n".join(missed) if missed else "Every bound is met.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
