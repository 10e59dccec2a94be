"""A flood of sign-ins at several times what the hash allows, and what it does to the token endpoint."""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

import bcrypt

from bench.load import Cost, Turn, summarise
from bench.operations import Server, Visitor
from bench.processes import GENERATOR_CORE, wait_until
from bench.servers import WORK, PostgreSQL, Running, gateway, postgresql
from bench.table import ON_POSTGRESQL, ON_SQLITE

COST = 12
"""As a deployment has it unless it says otherwise."""
SECONDS = 16.0
FLOOD_SECONDS = SECONDS + 1
WARM_UP_SECONDS = 2.0
"""The first requests are slow, and would flatter the ratio as a part of the quiet value."""
TOKENS = 1000
"""Fewer requests tell no p99."""
TIMES_CAPACITY = 4
FLOODERS = 128
"""More than the places of the queue, so that some always find it full."""
MOST = 3.0
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Flooded:
    """What the flood did to the token endpoint of one gateway: its latencies before and in it, and what came of it."""

    name: str
    quiet: Cost
    flooded: Cost
    sent: int
    busy: int
    failed: int

    @property
    def ratio(self) -> float:
        """p99 in the flood, as a multiple of the quiet one."""
        return self.flooded.p99 / self.quiet.p99


def flood_section(database: PostgreSQL) -> tuple[str, list[str]]:
    """p99 of client_credentials alone and under the flood on each database, and what is too much; both cores are used,
    as on a real machine."""
    for leftover in WORK.glob("flood.sqlite3*"):
        leftover.unlink()
    url = database.fresh("flood").replace("postgresql://", "postgresql+psycopg://", 1)
    runs = [_run(url, database.pid, ON_POSTGRESQL), _run(f"sqlite:///{WORK}/flood.sqlite3", 0, ON_SQLITE)]
    return section(runs), too_slow(runs)


def section(runs: Sequence[Flooded]) -> str:
    """The part of the page."""
    return "\n".join(
        [
            "## A flood of sign-ins",
            "",
            f"On average {TIMES_CAPACITY} times what bcrypt at cost {COST} allows on one core, each person coming when "
            "they like (a Poisson process, not in step); the queue is full for most. p99 of the token endpoint, over "
            f"at least {TOKENS} requests, may be at most {MOST:.0f} times its quiet value.",
            "",
            "| | sign-ins a second | queue full | failed | quiet p50 ms | quiet p99 ms | p50 ms | p99 ms | ratio |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
            *(
                f"| {run.name} | {run.sent / FLOOD_SECONDS:.0f} | {run.busy / max(run.sent, 1):.0%} | {run.failed} "
                f"| {run.quiet.p50:.2f} | {run.quiet.p99:.2f} | {run.flooded.p50:.2f} | {run.flooded.p99:.2f} "
                f"| {run.ratio:.2f} |"
                for run in runs
            ),
        ]
    )


def too_slow(runs: Sequence[Flooded]) -> list[str]:
    """What misses the bound, or measures too little to tell."""
    slow = [
        f"{run.name}: p99 of the token endpoint in the flood: {run.ratio:.2f} x quiet, at most {MOST}"
        for run in runs
        if run.ratio > MOST
    ]
    few = [
        f"{run.name}: {cost.count} token requests {when}, too few for a p99"
        for run in runs
        for when, cost in (("before the flood", run.quiet), ("in the flood", run.flooded))
        if cost.count < TOKENS
    ]
    return slow + few


def _run(url: str, database_pid: int, name: str) -> Flooded:
    cores = ",".join(str(core) for core in range(os.cpu_count() or 1))
    with gateway(url, database_pid, "flood", cost=COST, cores=cores) as started:
        _tokens(started, WARM_UP_SECONDS)
        quiet = _tokens(started, SECONDS)
        flooded, sent, busy, failed = _flooded(started)
    return Flooded(name, quiet, flooded, sent, busy, failed)


def typed(number: int) -> Mapping[str, str]:
    """Somebody else each time: after twenty tries at one triplet its throttle would answer, and nothing be hashed."""
    name = "".join(LETTERS[number // 26**place % 26] for place in range(4))
    return {"siret": "73282932000074", "family_name": name, "given_name": "FLOT", "password": "Mauvais2026"}


def arrivals(pace: float, seconds: float) -> Iterator[float]:
    """When each person comes, in seconds from the start: `pace` a second on average, nobody waiting for anybody.

    Everybody at once every few seconds would be the same average, and another test: of a burst, not of a rate.
    """
    chance, due = random.Random(1), 0.0
    while (due := due + chance.expovariate(pace)) < seconds:
        yield due


def _tokens(started: Running, seconds: float) -> Cost:
    """One client asks for machine tokens at a steady, modest pace."""
    visitor = Visitor(started.server)
    latencies = []
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        before = time.monotonic()
        visitor.client_credentials()
        latencies.append(time.monotonic() - before)
        time.sleep(0.005)
    return summarise([Turn(latencies, seconds, 0.0)])


def _flooded(started: Running) -> tuple[Cost, int, int, int]:
    """The same client in the flood, which comes from a process of its own: one interpreter would delay both."""
    context = multiprocessing.get_context("spawn")
    sent, busy, failed = context.Value("i", 0), context.Value("i", 0), context.Value("i", 0)
    pace = TIMES_CAPACITY / _hash_seconds()
    flood = context.Process(target=flood_for, args=(started.server, pace, sent, busy, failed))
    flood.start()
    wait_until(lambda: sent.value > 0, seconds=30)
    cost = _tokens(started, SECONDS)
    flood.join()
    return cost, sent.value, busy.value, failed.value


def flood_for(server: Server, pace: float, sent: Any, busy: Any, failed: Any) -> None:
    """Try to sign in `pace` times a second, from many addresses at once."""
    coming = enumerate(arrivals(pace, FLOOD_SECONDS))
    one_at_a_time, begun = threading.Lock(), time.monotonic()

    def one_visitor() -> None:
        visitor = Visitor(server)
        while True:
            with one_at_a_time:
                number, due = next(coming, (0, None))
            if due is None:
                return
            time.sleep(max(0.0, begun + due - time.monotonic()))
            _one_try(visitor, number, sent, busy, failed)

    threads = [threading.Thread(target=one_visitor) for _ in range(FLOODERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _one_try(visitor: Visitor, number: int, sent: Any, busy: Any, failed: Any) -> None:
    browser = visitor.new_browser()
    try:
        target, page = browser.open(visitor.sign_in_page())
        answer = browser.submit(target, page, typed(number))
    except (OSError, HTTPException):
        with sent.get_lock():
            failed.value += 1
    else:
        with sent.get_lock():
            sent.value += 1
            busy.value += answer.status == 503
    browser.close()


def _hash_seconds(rounds: int = 5) -> float:
    begun = time.process_time()
    for _ in range(rounds):
        bcrypt.hashpw(b"x" * 44, bcrypt.gensalt(COST))
    return (time.process_time() - begun) / rounds


def main() -> int:
    """`python -m bench.flood`: this section alone, printed and judged."""
    WORK.mkdir(parents=True, exist_ok=True)
    os.sched_setaffinity(0, {GENERATOR_CORE})
    with postgresql() as database:
        written, missed = flood_section(database)
    print(written, *missed, sep="\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
