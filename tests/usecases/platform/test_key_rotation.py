"""A key signs only after every verifier can have it, and is believed as long as what it signed."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from idp.adapters.clock import QuietClock
from idp.adapters.sealer import CannotOpen, Sealer, SealingKey
from idp.adapters.signer import Signer
from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.platform.instants import DAY, HOUR, MINUTE, SECOND
from idp.domain.platform.keys import KeyState, Promotion, SigningAlgorithm, SigningKey, Waiting
from idp.domain.platform.messages import Message
from idp.store.database import Database
from idp.store.platform.audit import audit_events
from idp.store.platform.jobs import jobs
from idp.store.platform.keys import signing_keys
from idp.usecases.deps import Deps
from idp.usecases.platform.key_rotation import (
    Gone,
    Unknown,
    list_signing_keys,
    retire_key,
    rotate_due_keys,
    rotate_keys,
)
from idp.usecases.platform.keys import ensure_keys, load_key_ring, read_key_version
from idp.usecases.platform.notifications import notify
from idp.usecases.platform.outbox import lease_messages
from idp.usecases.platform.rewrapping import rewrap
from idp.usecases.platform.sealed_values import load_pairwise_salt
from tests.quiet import quiet_deps

OPERATOR = Actor(ActorRole.OPERATOR, "root")
ES256 = SigningAlgorithm.ES256
CACHE_LIFE = 5 * MINUTE + MINUTE
TWO_SECONDS = 2 * SECOND


@pytest.fixture
def clock() -> QuietClock:
    return QuietClock()


@pytest.fixture
def deps(database: Database, clock: QuietClock) -> Deps:
    """After the first start and the first turn of the scheduled rotation: one active and one next key each."""
    deps = quiet_deps(database, clock=clock, signer=Signer(clock))
    ensure_keys(deps)
    clock.advance(SECOND)
    rotate_due_keys(deps, OPERATOR)
    clock.advance(SECOND)
    return deps


def states(deps: Deps, alg: SigningAlgorithm = ES256) -> list[KeyState]:
    return [key.state for key in list_signing_keys(deps) if key.alg is alg]


def key_in(deps: Deps, state: KeyState) -> SigningKey:
    return next(key for key in list_signing_keys(deps) if key.alg is ES256 and key.state is state)


def kids_shown(deps: Deps) -> set[str]:
    deps.signer.swap(load_key_ring(deps))
    return {key["kid"] for key in json.loads(deps.signer.jwks())["keys"]}


def test_a_next_key_is_always_published_before_it_is_needed(deps: Deps) -> None:
    for alg in SigningAlgorithm:
        assert states(deps, alg) == [KeyState.ACTIVE, KeyState.NEXT]
    assert key_in(deps, KeyState.NEXT).kid in kids_shown(deps)


def test_a_next_key_does_not_sign_before_a_full_cache_life(deps: Deps, clock: QuietClock) -> None:
    clock.advance(CACHE_LIFE - SECOND - 1)
    waits = rotate_keys(deps, OPERATOR, [ES256])
    assert waits == [Waiting(ES256, key_in(deps, KeyState.NEXT).created_at + CACHE_LIFE)]
    assert states(deps) == [KeyState.ACTIVE, KeyState.NEXT]
    clock.advance(1)
    assert isinstance(rotate_keys(deps, OPERATOR, [ES256])[0], Promotion)
    assert states(deps) == [KeyState.RETIRED, KeyState.ACTIVE, KeyState.NEXT]


def test_a_rotation_that_must_wait_leaves_one_job_for_when_it_may(deps: Deps) -> None:
    until = rotate_keys(deps, OPERATOR, [ES256])[0].until  # type: ignore[union-attr]
    rotate_keys(deps, OPERATOR, [ES256])
    with deps.read() as connection:
        rows = connection.execute(select(jobs.c.kind, jobs.c.payload, jobs.c.run_at)).all()
    assert rows == [("keys.rotate", {"alg": "ES256"}, until)]


def test_what_the_old_key_signed_is_verified_by_all_until_it_dies_and_by_us_as_a_hint_for_longer(
    deps: Deps, clock: QuietClock
) -> None:
    deps.signer.swap(load_key_ring(deps))
    token = deps.signer.sign({"sub": "a"}, alg=ES256, typ="JWT")
    old = key_in(deps, KeyState.ACTIVE).kid
    clock.advance(CACHE_LIFE)
    rotate_keys(deps, OPERATOR, [ES256])
    clock.advance(CACHE_LIFE - 1)
    assert old in kids_shown(deps)
    clock.advance(1)
    assert old not in kids_shown(deps)
    clock.advance(12 * HOUR + 30 * DAY - CACHE_LIFE - 1)
    deps.signer.swap(load_key_ring(deps))
    assert deps.signer.verify(token) == {"sub": "a"}
    clock.advance(1)
    assert deps.signer.verify(token) is None


def test_the_schedule_replaces_a_key_after_its_life_and_not_before(deps: Deps, clock: QuietClock) -> None:
    clock.advance(90 * DAY - TWO_SECONDS - 1)
    assert rotate_due_keys(deps, OPERATOR) == []
    clock.advance(1)
    assert [step.new.alg for step in rotate_due_keys(deps, OPERATOR)] == list(SigningAlgorithm)
    assert states(deps) == [KeyState.RETIRED, KeyState.ACTIVE, KeyState.NEXT]
    assert rotate_due_keys(deps, OPERATOR) == []


def test_every_change_moves_the_version_that_nodes_watch(deps: Deps, clock: QuietClock) -> None:
    before = read_key_version(deps)
    clock.advance(CACHE_LIFE)
    rotate_keys(deps, OPERATOR, [ES256])
    assert read_key_version(deps) > before


def test_a_retired_key_has_no_private_part_left(deps: Deps, clock: QuietClock) -> None:
    clock.advance(CACHE_LIFE)
    rotate_keys(deps, OPERATOR)
    with deps.read() as connection:
        retired = signing_keys.c.state == KeyState.RETIRED
        assert set(connection.scalars(select(signing_keys.c.private_sealed).where(retired))) == {None}


def test_a_compromised_key_is_replaced_and_disbelieved_at_once(deps: Deps) -> None:
    deps.signer.swap(load_key_ring(deps))
    token = deps.signer.sign({"sub": "a"}, alg=ES256, typ="JWT")
    stolen = key_in(deps, KeyState.ACTIVE)
    gone = retire_key(deps, OPERATOR, stolen.kid, stolen=True)
    assert isinstance(gone, Gone)
    assert stolen.kid not in kids_shown(deps)
    assert deps.signer.verify(token) is None
    assert deps.signer.verify(deps.signer.sign({"sub": "b"}, alg=ES256, typ="JWT")) == {"sub": "b"}
    assert states(deps) == [KeyState.COMPROMISED, KeyState.ACTIVE, KeyState.NEXT]


def test_without_a_next_key_a_compromised_one_is_replaced_by_a_new_one(database: Database) -> None:
    deps = quiet_deps(database)
    ensure_keys(deps)
    retire_key(deps, OPERATOR, key_in(deps, KeyState.ACTIVE).kid, stolen=True)
    assert sorted(states(deps)) == [KeyState.ACTIVE, KeyState.COMPROMISED]


def test_an_active_key_retires_only_when_its_successor_may_sign(deps: Deps, clock: QuietClock) -> None:
    active = key_in(deps, KeyState.ACTIVE)
    assert isinstance(retire_key(deps, OPERATOR, active.kid, stolen=False), Waiting)
    clock.advance(CACHE_LIFE)
    assert isinstance(retire_key(deps, OPERATOR, active.kid, stolen=False), Gone)
    assert states(deps) == [KeyState.RETIRED, KeyState.ACTIVE, KeyState.NEXT]


def test_a_retired_key_may_still_turn_out_to_be_stolen(deps: Deps, clock: QuietClock) -> None:
    active = key_in(deps, KeyState.ACTIVE)
    clock.advance(CACHE_LIFE)
    retire_key(deps, OPERATOR, active.kid, stolen=False)
    assert retire_key(deps, OPERATOR, active.kid, stolen=False) == Unknown()
    assert isinstance(retire_key(deps, OPERATOR, active.kid, stolen=True), Gone)
    assert retire_key(deps, OPERATOR, active.kid, stolen=True) == Unknown()
    assert active.kid not in kids_shown(deps)


def test_an_unknown_key_cannot_be_retired(deps: Deps) -> None:
    assert retire_key(deps, OPERATOR, "nobody", stolen=True) == Unknown()


def test_a_rotation_is_traced_step_by_step(deps: Deps, clock: QuietClock) -> None:
    clock.advance(CACHE_LIFE)
    rotate_keys(deps, OPERATOR, [ES256])
    with deps.read() as connection:
        events = connection.scalars(select(audit_events.c.event).order_by(audit_events.c.id.desc()).limit(3)).all()
    assert events == ["key.created", "key.retired", "key.activated"]


def resealing(deps: Deps, *names: str) -> Deps:
    sealer = Sealer([SealingKey(name, name.encode() * 16) for name in names])
    return quiet_deps(deps.database, clock=deps.clock, sealer=sealer)


def test_after_a_rewrap_the_old_key_encryption_key_is_not_needed(database: Database) -> None:
    old = resealing(quiet_deps(database), "k1")
    ensure_keys(old)
    salt = load_pairwise_salt(old)
    with old.transaction() as connection:
        notify(connection, old, Message.PASSWORD_CHANGED, recipient="a@b.fr", locale="fr", theme="", facts={"x": "y"})
    both = resealing(old, "k2", "k1")
    assert rewrap(both, OPERATOR) == len(SigningAlgorithm) + 2
    assert rewrap(both, OPERATOR) == 0
    new = resealing(old, "k2")
    assert load_key_ring(new).active(ES256) is not None
    assert load_pairwise_salt(new) == salt
    assert [message.facts for message in lease_messages(new, "runner")] == [{"x": "y"}]
    with pytest.raises(CannotOpen):
        load_key_ring(old)


def test_before_a_rewrap_both_versions_are_needed(database: Database) -> None:
    """The control: what rewrap is for."""
    old = resealing(quiet_deps(database), "k1")
    ensure_keys(old)
    with pytest.raises(CannotOpen):
        load_key_ring(resealing(old, "k2"))
    assert load_key_ring(resealing(old, "k2", "k1")).active(ES256) is not None
