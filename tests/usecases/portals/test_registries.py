"""The accepted registry: kept as last good, without secrets; a client that goes takes its tokens with it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select

from idp.adapters.clock import QuietClock
from idp.adapters.machine_secrets import environment_digests, secret_digest
from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.portals.clients import Client, ClientRegistry, Resource, SecretDigest
from idp.domain.portals.registry_content import make_registry, with_secrets
from idp.store.database import Database
from idp.store.platform.audit import audit_events
from idp.store.portals.authorizations import client_cutoffs
from idp.store.portals.registries import WorkerRow, client_registries
from idp.usecases.deps import Deps
from idp.usecases.portals.registries import (
    accept_registry,
    end_client_tokens,
    last_good_registry,
    live_workers,
    report_worker,
)
from tests.quiet import quiet_deps

ISSUER = "https://connexion.example.fr"
SYSTEM = Actor(ActorRole.SYSTEM, "registry")
SECRET = "pV3uJ0mC9yQ2tZ7wLr8sXk1dNf5hGb4aEo6iTqRvUxY"
ONE, TWO = (Client(name, redirect_uris=(f"https://{name}.example.fr/cb",)) for name in ("one", "two"))


@pytest.fixture
def clock() -> QuietClock:
    return QuietClock()


@pytest.fixture
def deps(database: Database, clock: QuietClock) -> Deps:
    return quiet_deps(database, clock=clock)


def registry(*clients: Client) -> ClientRegistry:
    return make_registry(ISSUER, list(clients), [Resource("https://api.fr", "one", clients=frozenset({"one"}))])


def trail(deps: Deps) -> list[tuple[str, str]]:
    with deps.read() as connection:
        rows = connection.execute(select(audit_events.c.event, audit_events.c.client_id).order_by(audit_events.c.id))
        return [(row.event, row.client_id) for row in rows]


def cutoffs(deps: Deps) -> dict[str, int]:
    with deps.read() as connection:
        return {row.client_id: row.valid_from for row in connection.execute(select(client_cutoffs))}


def test_before_the_first_start_there_is_no_last_good(deps: Deps) -> None:
    assert last_good_registry(deps) is None


def test_what_was_accepted_last_is_last_good(deps: Deps, clock: QuietClock) -> None:
    assert accept_registry(deps, SYSTEM, registry(ONE, TWO))
    assert accept_registry(deps, SYSTEM, registry(ONE, replace(TWO, client_name="Deux")))
    assert last_good_registry(deps) == registry(ONE, replace(TWO, client_name="Deux"))
    assert accept_registry(deps, SYSTEM, registry(ONE, TWO))  # the file came back to what it was, in the same moment
    assert last_good_registry(deps) == registry(ONE, TWO)


def test_the_same_registry_is_accepted_once(deps: Deps) -> None:
    assert [True, False] == [accept_registry(deps, SYSTEM, registry(ONE)) for _ in range(2)]
    assert [("registry.accepted", "")] == trail(deps)


def test_workers_that_see_the_file_together_accept_it_once(deps: Deps) -> None:
    accept_registry(deps, SYSTEM, registry(ONE, TWO))
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: accept_registry(deps, SYSTEM, registry(ONE)), range(8)))
    assert 1 == done.count(True)
    assert [("registry.accepted", ""), ("client.tokens_ended", "two"), ("registry.accepted", "")] == trail(deps)


def test_removing_a_client_ends_its_tokens_and_no_other_s(deps: Deps, clock: QuietClock) -> None:
    accept_registry(deps, SYSTEM, registry(ONE, TWO))
    accept_registry(deps, SYSTEM, registry(ONE))
    assert {"two": clock.now() + 1} == cutoffs(deps)


def test_a_client_that_comes_back_does_not_get_its_old_tokens_back(deps: Deps, clock: QuietClock) -> None:
    accept_registry(deps, SYSTEM, registry(ONE, TWO))
    accept_registry(deps, SYSTEM, registry(ONE))
    before = cutoffs(deps)
    accept_registry(deps, SYSTEM, registry(ONE, TWO))
    assert before == cutoffs(deps)


def test_removing_a_secret_ends_only_its_use(deps: Deps) -> None:
    old, new = SecretDigest(b"o" * 32, "sha256"), SecretDigest(b"n" * 32, "sha256")
    accept_registry(deps, SYSTEM, registry(replace(ONE, secrets=(old, new))))
    accept_registry(deps, SYSTEM, registry(replace(ONE, secrets=(new,))))
    assert {} == cutoffs(deps)


def test_a_client_s_tokens_can_be_ended_by_hand_again_and_again(deps: Deps, clock: QuietClock) -> None:
    end_client_tokens(deps, SYSTEM, "one")
    clock.advance(60_000)
    end_client_tokens(deps, SYSTEM, "one")
    assert {"one": clock.now() + 1} == cutoffs(deps)
    assert [("client.tokens_ended", "one")] * 2 == trail(deps)


def test_the_database_holds_digests_never_secrets(deps: Deps) -> None:
    accept_registry(deps, SYSTEM, registry(replace(ONE, secrets=(SecretDigest(secret_digest(SECRET), "env:ONE"),))))
    with deps.read() as connection:
        kept = json.dumps([dict(row) for row in connection.execute(select(client_registries)).mappings()])
    assert SECRET not in kept
    assert secret_digest(SECRET).hex() in kept


def test_last_good_takes_the_env_secret_of_the_new_start(deps: Deps) -> None:
    accept_registry(deps, SYSTEM, registry(replace(ONE, secrets=(SecretDigest(b"o" * 32, "env:ONE"),))))
    kept = last_good_registry(deps)
    assert kept is not None
    fresh = with_secrets(kept, environment_digests(kept, {"ONE": SECRET}), ISSUER)
    assert secret_digest(SECRET) == fresh.clients["one"].secrets[0].digest
    assert fresh.digest == kept.digest


def test_a_worker_unseen_for_fifteen_seconds_is_dead(deps: Deps, clock: QuietClock) -> None:
    report_worker(deps, SYSTEM, WorkerRow("a", "host", 1, "d", 1))
    clock.advance(14_999)
    report_worker(deps, SYSTEM, WorkerRow("b", "host", 2, "d", 1))
    assert ["host/1", "host/2"] == [worker.name for worker in live_workers(deps)]
    clock.advance(1)
    assert ["host/2"] == [worker.name for worker in live_workers(deps)]


def test_a_problem_that_every_worker_has_is_traced_once(deps: Deps) -> None:
    for pid in (1, 2, 1, 2):
        report_worker(deps, SYSTEM, WorkerRow(str(pid), "host", pid, "d", 1, "clients.yaml:3: wrong"))
    assert [("registry.refused", "")] == trail(deps)
