"""Keys rotate under load over two processes, and no verifier that caches the JWKS fails once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection

import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.platform.keys import Promotion, SigningAlgorithm
from idp.domain.platform.lifetimes import Lifetimes
from idp.usecases.platform.key_rotation import rotate_due_keys, rotate_keys
from idp.usecases.platform.keys import ensure_keys
from tests.usecases.platform.signing_node import node_deps, serve_node

OPERATOR = Actor(ActorRole.OPERATOR, "root")
ES256 = SigningAlgorithm.ES256
CAREFUL = replace(Lifetimes(), jwks_cache=300, key_spread=300)
HASTY = replace(Lifetimes(), jwks_cache=0, key_spread=0)
CACHE_SECONDS = 0.3
ROTATIONS = 4


class Verifier:
    """A relying party that keeps a node's JWKS for its whole cache life, whatever it meets."""

    def __init__(self, node: Connection) -> None:
        self.node = node
        self.fetched = 0.0
        self.keys = KeySet([])
        self.verified = 0
        self.failed = 0

    def verify(self, token: str) -> None:
        if time.monotonic() - self.fetched >= CACHE_SECONDS:
            self.fetched = time.monotonic()
            self.keys = KeySet.import_key_set(json.loads(ask(self.node, "jwks")))
        try:
            jwt.decode(token, self.keys, algorithms=["ES256"])
            self.verified += 1
        except (JoseError, ValueError):
            self.failed += 1


def ask(node: Connection, what: str) -> str:
    node.send(what)
    assert node.poll(20), "the node does not answer"
    answer: str = node.recv()
    return answer


@contextmanager
def nodes(database_url: str, count: int = 2) -> Iterator[list[Connection]]:
    context = get_context("spawn")
    ours: list[Connection] = []
    processes = []
    for _ in range(count):
        mine, theirs = context.Pipe()
        process = context.Process(target=serve_node, args=(database_url, CAREFUL, theirs))
        process.start()
        theirs.close()
        ours.append(mine)
        processes.append(process)
    try:
        yield ours
    finally:
        for connection in ours:
            connection.close()
        for process in processes:
            process.join(20)
            assert process.exitcode == 0


def rotate_under_load(database_url: str, lifetimes: Lifetimes) -> tuple[int, int]:
    """How many tokens of either node the verifiers of the other accepted, and how many not."""
    deps = node_deps(database_url, lifetimes)
    ensure_keys(deps)
    rotate_due_keys(deps, OPERATOR)
    rotations = 0
    with nodes(database_url) as (one, two):
        verifiers = [Verifier(one), Verifier(two)]
        waits_until = deps.clock.now()
        deadline = time.monotonic() + 30
        while rotations < ROTATIONS and time.monotonic() < deadline:
            for node in (one, two):
                token = ask(node, "token")
                for verifier in verifiers:
                    verifier.verify(token)
            if deps.clock.now() >= waits_until:
                step = rotate_keys(deps, OPERATOR, [ES256])[0]
                rotations += isinstance(step, Promotion)
                waits_until = deps.clock.now() + 150
    deps.database.close()
    assert rotations == ROTATIONS
    return sum(item.verified for item in verifiers), sum(item.failed for item in verifiers)


def test_rotating_under_load_with_two_processes_fails_no_verification(database_url: str) -> None:
    verified, failed = rotate_under_load(database_url, CAREFUL)
    assert failed == 0
    assert verified > 100


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_key_that_signs_as_soon_as_it_is_made_fails_verifications(database_url: str) -> None:
    """The control: without the wait for one cache life, the same load shows failures."""
    _, failed = rotate_under_load(database_url, HASTY)
    assert failed > 0
