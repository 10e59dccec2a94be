"""`python -m bench`: measures every server, writes the page, and fails when a bound is missed."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace

import bcrypt

from bench.flood import flood_section
from bench.frames import FRAMES, frame_misses, frames_section
from bench.load import Cost, measure
from bench.loader_size import loader_section
from bench.operations import SIGN_IN, Visitor
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

HASH_COST = 4
"""The gateway's hash is made almost free here, and what is left of it is measured and taken off."""


def servers(database: PostgreSQL) -> Iterator[AbstractContextManager[Running]]:
    """Each server, to be started alone."""
    sqlite = WORK / "gateway.sqlite3"
    for leftover in WORK.glob("gateway.sqlite3*"):
        leftover.unlink()
    url = database.fresh("gateway").replace("postgresql://", "postgresql+psycopg://", 1)
    yield gateway(url, database.pid, ON_POSTGRESQL, cost=HASH_COST)
    yield gateway(f"sqlite:///{sqlite}", 0, ON_SQLITE, cost=HASH_COST)
    yield oidc_provider(database.fresh("peer"), database.pid, OIDC_PROVIDER)
    yield oidc_provider("", 0, OIDC_PROVIDER_IN_MEMORY)
    yield canaille(CANAILLE)


def measured(started: Running, seconds: float, connections: int) -> Result:
    """All operations against one server."""
    visitors = [Visitor(started.server, number) for number in range(started.server.connections or connections)]
    costs: dict[str, Cost] = {}
    for operation in (row for row in (*ROWS, *FRAMES) if row.is_of(started.server)):
        for visitor in visitors:
            visitor.prepare()  # anew: a server in memory forgets who waits while others come
        print(f"  {operation.name}", flush=True)
        costs[operation.name] = measure(operation, visitors, seconds=seconds, cpu=started.cpu)
    return Result(started.server.name, started.start_up, started.memory(), costs)


def without_hash(result: Result) -> Result:
    """The gateway's figures with the CPU of its password hash taken off the sign-in."""
    cost = result.costs[SIGN_IN]
    return replace(result, costs={**result.costs, SIGN_IN: replace(cost, cpu=cost.cpu - hash_milliseconds())})


def hash_milliseconds(rounds: int = 200) -> float:
    """CPU of one bcrypt hash at HASH_COST on this machine, now."""
    salt, begun = bcrypt.gensalt(HASH_COST), time.process_time()
    for _ in range(rounds):
        bcrypt.hashpw(b"x" * 44, salt)
    return (time.process_time() - begun) / rounds * 1000


def main() -> int:
    """Measure, write, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="how long each operation is repeated")
    parser.add_argument("--connections", type=int, default=4)
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    os.sched_setaffinity(0, {GENERATOR_CORE})
    results = []
    with postgresql() as database:
        for starting in servers(database):
            with starting as started:
                print(started.server.name, flush=True)
                result = measured(started, options.seconds, options.connections)
            results.append(without_hash(result) if result.name in (ON_POSTGRESQL, ON_SQLITE) else result)
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
