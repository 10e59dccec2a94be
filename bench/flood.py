"""A flood of sign-ins at several times what the hash allows, and what it does to the token endpoint."""

from __future__ import annotations

import os
import threading
import time
from http.client import HTTPException

import bcrypt

from bench.load import Cost, summarise
from bench.operations import Visitor
from bench.servers import WORK, Running, gateway

COST = 10
SECONDS = 8.0
TIMES_CAPACITY = 4
FLOODERS = 24
MOST = 3.0


def flood_section() -> str:
    """p99 of client_credentials alone and under the flood; both cores are used, as on a real machine."""
    for leftover in WORK.glob("flood.sqlite3*"):
        leftover.unlink()
    cores = ",".join(str(core) for core in range(os.cpu_count() or 1))
    with gateway(f"sqlite:///{WORK}/flood.sqlite3", 0, "flood", cost=COST, cores=cores) as started:
        quiet = _tokens(started)
        flooded, sent = _flooded(started)
    ratio = flooded.p99 / quiet.p99
    return "\n".join(
        [
            "## A flood of sign-ins",
            "",
            f"{sent / SECONDS:.0f} sign-ins a second, {TIMES_CAPACITY} times what bcrypt at cost {COST} allows on "
            f"one core; p99 of the token endpoint may be at most {MOST:.0f} times its quiet value.",
            "",
            "| token endpoint | p50 ms | p99 ms |",
            "| --- | --- | --- |",
            f"| quiet | {quiet.p50:.2f} | {quiet.p99:.2f} |",
            f"| in the flood | {flooded.p50:.2f} | {flooded.p99:.2f} |",
            f"| ratio | {flooded.p50 / quiet.p50:.2f} | {ratio:.2f} |",
        ]
    )


def _tokens(started: Running) -> Cost:
    """One client asks for machine tokens at a steady, modest pace."""
    visitor = Visitor(started.server)
    latencies = []
    begun = time.monotonic()
    while time.monotonic() - begun < SECONDS:
        before = time.monotonic()
        visitor.client_credentials()
        latencies.append(time.monotonic() - before)
        time.sleep(0.005)
    return summarise(latencies, used=0.0, took=SECONDS)


def _flooded(started: Running) -> tuple[Cost, int]:
    pace = TIMES_CAPACITY / _hash_seconds()
    end = time.monotonic() + SECONDS + 1
    sent = [0] * FLOODERS

    def flood(index: int) -> None:
        visitor = Visitor(started.server)
        while time.monotonic() < end:
            next_try = time.monotonic() + FLOODERS / pace
            browser = visitor.new_browser()
            try:
                target, page = browser.open(visitor.sign_in_page())
                browser.submit(target, page, {"siret": "73282932000074", "family_name": "X", "password": "Mauvais2026"})
                sent[index] += 1
            except (OSError, HTTPException):
                pass
            browser.close()
            time.sleep(max(0.0, next_try - time.monotonic()))

    threads = [threading.Thread(target=flood, args=(index,)) for index in range(FLOODERS)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    cost = _tokens(started)
    for thread in threads:
        thread.join()
    return cost, sum(sent)


def _hash_seconds() -> float:
    begun = time.process_time()
    bcrypt.hashpw(b"x" * 44, bcrypt.gensalt(COST))
    return time.process_time() - begun
