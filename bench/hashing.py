"""What the gateway's password hash costs, to be taken off its sign-in."""

from __future__ import annotations

import os
import time

import bcrypt

from bench.processes import SERVER_CORE

HASH_COST = 4
"""The gateway's hash is made almost free here, and what is left of it is measured and taken off."""


def hash_milliseconds(rounds: int = 60) -> float:
    """CPU of one bcrypt hash at HASH_COST on the servers' core, now: not every core, nor every moment, is as fast."""
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {SERVER_CORE})  # this thread's
    try:
        salt, begun = bcrypt.gensalt(HASH_COST), time.thread_time()
        for _ in range(rounds):
            bcrypt.hashpw(b"x" * 44, salt)
        return (time.thread_time() - begun) / rounds * 1000
    finally:
        os.sched_setaffinity(0, own)
