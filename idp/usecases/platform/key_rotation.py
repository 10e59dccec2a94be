"""Rotation: the next key takes over once every verifier has it; a stolen one leaves at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from idp.adapters.key_ring import MadeKey, make_key
from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.jobs import JobKind
from idp.domain.platform.keys import (
    KeyState,
    Promotion,
    SigningAlgorithm,
    SigningKey,
    Waiting,
    activated,
    compromised,
    is_due,
    next_step,
    of_state,
    retired,
)
from idp.store.database import Connected
from idp.store.platform.keys import list_keys, move_version, update_key
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit
from idp.usecases.platform.jobs import enqueue
from idp.usecases.platform.keys import store_keys

Made = Mapping[SigningAlgorithm, MadeKey]


@dataclass(frozen=True, slots=True)
class Unknown:
    """No key has this kid, or it is compromised already."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The key no longer signs; `successor` does, when the key was active."""

    key: SigningKey
    successor: SigningKey | None


def list_signing_keys(deps: Deps) -> list[SigningKey]:
    """Every key, oldest first."""
    with deps.read() as connection:
        return [row.key for row in list_keys(connection)]


def rotate_keys(
    deps: Deps, actor: Actor, algorithms: Collection[SigningAlgorithm] = tuple(SigningAlgorithm)
) -> list[Promotion | Waiting]:
    """Let each algorithm's next key sign now; where it may not yet, leave a job for when it may."""
    made = {alg: make_key(alg) for alg in algorithms}
    with deps.transaction() as connection:
        keys = _locked(connection)
        steps = [next_step(keys, alg, deps.clock.now(), deps.lifetimes) for alg in algorithms]
        _carry_out(connection, deps, actor, keys, steps, made)
        for step in steps:
            if isinstance(step, Waiting):
                payload = {"alg": str(step.alg)}
                key = f"keys.rotate:{step.alg}"
                enqueue(connection, deps, JobKind.ROTATE_KEYS, payload, unique_key=key, run_at=step.until)
        return steps


def rotate_due_keys(deps: Deps, actor: Actor) -> list[Promotion]:
    """The scheduled rotation: replace what has signed long enough, and always have a next key published."""
    keys = list_signing_keys(deps)
    missing = [alg for alg in SigningAlgorithm if of_state(keys, alg, KeyState.NEXT) is None]
    due = [alg for alg in SigningAlgorithm if _is_due(deps, keys, alg)]
    if not keys or (not missing and not due):  # without any key, the first start makes them
        return []
    made = {alg: make_key(alg) for alg in {*missing, *due}}
    with deps.transaction() as connection:
        keys = _locked(connection)
        still_due = [alg for alg in due if _is_due(deps, keys, alg)]
        steps = [next_step(keys, alg, deps.clock.now(), deps.lifetimes) for alg in still_due]
        _carry_out(connection, deps, actor, keys, steps, made)
        return [step for step in steps if isinstance(step, Promotion)]


def retire_key(deps: Deps, actor: Actor, kid: str, *, stolen: bool) -> Gone | Waiting | Unknown:
    """Stop signing with a key. A stolen one is not believed any more, and its successor signs at once, ripe or not:
    a verifier with an old JWKS fetches it again for an unknown kid, but would believe the thief for ever.
    """
    known = next((key for key in list_signing_keys(deps) if key.kid == kid), None)
    if known is None:
        return Unknown()
    made = {known.alg: make_key(known.alg)}
    with deps.transaction() as connection:
        keys = _locked(connection)
        key = next((key for key in keys if key.kid == kid), None)
        if key is None or key.state is KeyState.COMPROMISED or (key.state is KeyState.RETIRED and not stolen):
            return Unknown()
        step = next_step(keys, key.alg, deps.clock.now(), deps.lifetimes)
        if key.state is KeyState.ACTIVE and isinstance(step, Waiting) and not stolen:
            return step
        successor = _replace(connection, deps, actor, keys, key, made) if key.state is KeyState.ACTIVE else None
        _leave(connection, deps, actor, key, stolen=stolen)
        return Gone(key, successor)


def _locked(connection: Connected) -> list[SigningKey]:
    """The keys, with every other change of them waiting for this transaction."""
    move_version(connection)
    return [row.key for row in list_keys(connection)]


def _is_due(deps: Deps, keys: Sequence[SigningKey], alg: SigningAlgorithm) -> bool:
    active = of_state(keys, alg, KeyState.ACTIVE)
    return active is not None and is_due(active, deps.clock.now(), deps.lifetimes)


def _carry_out(
    connection: Connected,
    deps: Deps,
    actor: Actor,
    keys: Sequence[SigningKey],
    steps: Sequence[Promotion | Waiting],
    made: Made,
) -> None:
    """Promote what is ripe, then publish a next key for every algorithm that has none left."""
    promoted = [step for step in steps if isinstance(step, Promotion)]
    for step in promoted:
        _activate(connection, deps, actor, step.new)
        _leave(connection, deps, actor, step.old, stolen=False)
    used = {step.new.kid for step in promoted}
    waiting = {key.alg for key in keys if key.state is KeyState.NEXT and key.kid not in used}
    fresh = [(alg, pair) for alg, pair in made.items() if alg not in waiting]
    store_keys(connection, deps, actor, fresh, KeyState.NEXT)


def _replace(
    connection: Connected, deps: Deps, actor: Actor, keys: Sequence[SigningKey], key: SigningKey, made: Made
) -> SigningKey | None:
    """Put the next key in the place of `key`, or a new one when there is none."""
    new = of_state(keys, key.alg, KeyState.NEXT)
    if new is None:
        store_keys(connection, deps, actor, made.items(), KeyState.ACTIVE)
        now = deps.clock.now()
        return SigningKey(made[key.alg].kid, key.alg, KeyState.ACTIVE, now, now)
    _activate(connection, deps, actor, new)
    store_keys(connection, deps, actor, made.items(), KeyState.NEXT)
    return new


def _activate(connection: Connected, deps: Deps, actor: Actor, key: SigningKey) -> None:
    update_key(connection, activated(key, deps.clock.now()), was=key.state)
    write_audit(connection, deps, actor, AuditRecord(AuditEvent.KEY_ACTIVATED, facts=_named(key)))


def _leave(connection: Connected, deps: Deps, actor: Actor, key: SigningKey, *, stolen: bool) -> None:
    gone = compromised if stolen else retired
    event = AuditEvent.KEY_COMPROMISED if stolen else AuditEvent.KEY_RETIRED
    update_key(connection, gone(key, deps.clock.now(), deps.lifetimes), was=key.state)
    write_audit(connection, deps, actor, AuditRecord(event, facts=_named(key)))


def _named(key: SigningKey) -> dict[str, str | int]:
    return {"kid": key.kid, "alg": str(key.alg)}
