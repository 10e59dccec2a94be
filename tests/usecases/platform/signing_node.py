"""One node of the gateway as far as keys go: a process that signs, publishes, and renews its ring as workers do."""

from __future__ import annotations

from dataclasses import replace
from multiprocessing.connection import Connection

from idp.adapters.clock import Clock
from idp.adapters.signer import Signer
from idp.domain.platform.keys import SigningAlgorithm
from idp.domain.platform.lifetimes import Lifetimes
from idp.usecases.deps import Deps
from idp.usecases.platform.keys import renew_key_ring
from idp.wiring import open_database
from tests.quiet import quiet_deps

LOOK_SECONDS = 0.05
"""Workers look every 5 s; everything in this test is a hundred times faster."""


def node_deps(database_url: str, lifetimes: Lifetimes) -> Deps:
    """Production's signer and clock over the shared database."""
    deps = quiet_deps(open_database(database_url), lifetimes=lifetimes)
    clock = Clock()
    return replace(deps, clock=clock, signer=Signer(clock))


def serve_node(database_url: str, lifetimes: Lifetimes, requests: Connection) -> None:
    """Answer `token` and `jwks` until the other side closes."""
    deps = node_deps(database_url, lifetimes)
    renew_key_ring(deps)
    looked = deps.clock.now()
    answers = {
        "token": lambda: deps.signer.sign({"iat": deps.clock.now()}, alg=SigningAlgorithm.ES256, typ="JWT"),
        "jwks": lambda: deps.signer.jwks().decode(),
    }
    while True:
        try:
            asked = requests.recv() if requests.poll(LOOK_SECONDS) else None
        except EOFError:
            break
        if deps.clock.now() - looked >= LOOK_SECONDS * 1000:
            renew_key_ring(deps)
            looked = deps.clock.now()
        if asked is not None:
            requests.send(answers[asked]())
    deps.database.close()
