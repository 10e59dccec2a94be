"""Processes that redeem and refresh for a while; each says every answer before it asks on.

`python -m tests.usecases.portals.durability_worker URL PROCESSES SECONDS` forks them after everything is imported, so
that all work at the same time. A line is "PID WORD CODE TOKEN".
"""

from __future__ import annotations

import json
import os
import sys
import time

from idp.adapters.clock import Clock
from idp.adapters.randomness import Randomness
from idp.adapters.signer import quiet_ring
from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.portals.clients import Client, ClientRegistry, GrantType
from idp.usecases.deps import Deps
from idp.usecases.portals.refreshing import refresh
from idp.usecases.portals.tokens import find_code, redeem_code
from idp.wiring import open_database
from tests.quiet import quiet_deps
from tests.rows import find_session_of, make_authorization

PORTAL = Client("portal", "Portail", grant_types=frozenset({GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN}))
ACTOR = Actor(ActorRole.CLIENT, "portal")
REGISTRY = ClientRegistry("d", {"portal": PORTAL})


def worker_deps(url: str) -> Deps:
    """Quiet doers over the real clock and real randomness: processes must not repeat one another."""
    return quiet_deps(open_database(url), clock=Clock(), random=Randomness(), registry=lambda: REGISTRY)


def say(*words: str) -> None:
    """One write of one line: shorter than PIPE_BUF, so lines of several processes never mix."""
    os.write(1, (" ".join([str(os.getpid()), *words]) + "\n").encode())


def work(deps: Deps, name: str, seconds: float) -> None:
    """Codes and refreshes, each answer said as soon as it is known."""
    session = find_session_of(deps, "session")
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        number += 1
        code = make_authorization(deps, session, "portal", id=f"{name}-{number}")
        grant = find_code(deps, code)
        assert grant is not None
        token = answered(redeem_code(deps, ACTOR, PORTAL, grant))
        say("redeemed", code, token)
        for _ in range(3):
            token = answered(refresh(deps, ACTOR, PORTAL, token))
            say("refreshed", code, token)


def answered(answer: object) -> str:
    """The refresh token of a token response."""
    assert isinstance(answer, bytes), answer
    return str(json.loads(answer)["refresh_token"])


def run(url: str, name: str, seconds: float) -> None:
    """The life of one process."""
    try:
        work(worker_deps(url), name, seconds)
    except Exception as error:
        say("failed", "-", type(error).__name__)


def main(url: str, processes: int, seconds: float) -> None:
    """Fork and wait."""
    quiet_ring()  # keys made once, before the fork
    for number in range(processes):
        if os.fork() == 0:
            run(url, f"w{number}", seconds)
            os._exit(0)
    for _ in range(processes):
        os.wait()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
