"""Ports for the servers of tests: below those that the kernel gives to anybody's outgoing connections.

A port that the kernel hands out for a moment may be somebody else's connection by the time that a server wants it.
Each test process walks through the range from a place of its own, so that two hardly ever look at the same port.
"""

from __future__ import annotations

import os
import socket
from itertools import count

FIRST, END = 12_000, 32_000
"""Linux gives outgoing connections 32768 to 60999 (ip_local_port_range)."""
_steps = count(os.getpid() * 97)


def is_free(port: int) -> bool:
    """Whether a server may listen there now, on every address of this machine."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("", port))
        except OSError:
            return False
        return True


def free_ports(number: int) -> list[int]:
    """So many free ports in a row, none given before by this process."""
    row: list[int] = []
    while len(row) < number:
        port = FIRST + next(_steps) % (END - FIRST)
        row = [*row, port] if row and port == row[-1] + 1 else [port]
        if not is_free(port):
            row = []
    return row


def free_port() -> int:
    """One of them."""
    return free_ports(1)[0]
