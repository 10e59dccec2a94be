"""A flood of sign-ins at several times what the hash allows, and what it does to the token endpoint."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import threading
import time
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any

import bcrypt

from bench.load import Cost, summarise
from bench.operations import Server, Visitor
from bench.processes import wait_until
from bench.servers import WORK, Running, gateway

COST = 12
"""As a deployment has it unless it says otherwise."""
SECONDS = 8.0
TIMES_CAPACITY = 4
FLOODERS = 128
"""More than the places of the queue, so that some always find it full."""
MOST = 3.0
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def flood_section() -> tuple[str, list[str]]:
    """p99 of client_credentials alone and under the flood, and whether that is too much; both cores are used, as on a
    real machine."""
    for leftover in WORK.glob("flood.sqlite3*"):
        leftover.unlink()
    cores = ",".join(str(core) for core in range(os.cpu_count() or 1))
    with gateway(f"sqlite:///{WORK}/flood.sqlite3", 0, "flood", cost=COST, cores=cores) as started:
        quiet = _tokens(started)
        flooded, sent, busy = _flooded(started)
    ratio = flooded.p99 / quiet.p99
    section = "\n".join(
        [
            "## A flood of sign-ins",
            "",
            f"{sent / SECONDS:.0f} sign-ins a second, {TIMES_CAPACITY} times what bcrypt at cost {COST} allows on "
            f"one core; {busy / sent:.0%} of them found the queue full. p99 of the token endpoint may be at most "
            f"{MOST:.0f} times its quiet value.",
            "",
            "| token endpoint | p50 ms | p99 ms |",
            "| --- | --- | --- |",
            f"| quiet | {quiet.p50:.2f} | {quiet.p99:.2f} |",
            f"| in the flood | {flooded.p50:.2f} | {flooded.p99:.2f} |",
            f"| ratio | {flooded.p50 / quiet.p50:.2f} | {ratio:.2f} |",
        ]
    )
    return section, [
        f"p99 of the token endpoint in the flood: {ratio:.2f} x quiet, at most {MOST}"
    ] if ratio > MOST else []


def typed(number: int) -> Mapping[str, str]:
    """Somebody else each time: after twenty tries at one triplet its throttle would answer, and nothing be hashed."""
    name = "".join(LETTERS[number // 26**place % 26] for place in range(4))
    return {"siret": "73282932000074", "family_name": name, "given_name": "FLOT", "password": "Mauvais2026"}


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


def _flooded(started: Running) -> tuple[Cost, int, int]:
    """The same client in the flood, which comes from a process of its own: one interpreter would delay both."""
    context = multiprocessing.get_context("spawn")
    sent, busy = context.Value("i", 0), context.Value("i", 0)
    pace = TIMES_CAPACITY / _hash_seconds()
    flood = context.Process(target=flood_for, args=(started.server, pace, SECONDS + 1, sent, busy))
    flood.start()
    wait_until(lambda: sent.value > 0, seconds=30)
    cost = _tokens(started)
    flood.join()
    return cost, sent.value, busy.value


def flood_for(server: Server, pace: float, seconds: float, sent: Any, busy: Any) -> None:
    """Try to sign in `pace` times a second, from many addresses, evenly."""
    end = time.monotonic() + seconds
    numbers = itertools.count()

    def one_visitor(number: int) -> None:
        visitor = Visitor(server)
        time.sleep(number / pace)  # evenly: all at once every few seconds would measure a queue at the door
        while time.monotonic() < end:
            next_try = time.monotonic() + FLOODERS / pace
            browser = visitor.new_browser()
            try:
                target, page = browser.open(visitor.sign_in_page())
                answer = browser.submit(target, page, typed(next(numbers)))
                with sent.get_lock():
                    sent.value += 1
                    busy.value += answer.status == 503
            except (OSError, HTTPException):
                pass
            browser.close()
            time.sleep(max(0.0, next_try - time.monotonic()))

    threads = [threading.Thread(target=one_visitor, args=(number,)) for number in range(FLOODERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _hash_seconds() -> float:
    begun = time.process_time()
    bcrypt.hashpw(b"x" * 44, bcrypt.gensalt(COST))
    return time.process_time() - begun
