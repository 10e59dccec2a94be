"""Signing keys: made on first start, rotated on schedule or by hand, read by every node."""

from __future__ import annotations

from collections.abc import Iterable

from idp.adapters.key_ring import KeyRing, MadeKey, make_key, parse_key
from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.keys import KeyState, SigningAlgorithm, SigningKey
from idp.store.database import Connected
from idp.store.platform.keys import KeyRow, begin_versions, insert_key, key_version, list_keys, move_version
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit

SYSTEM = Actor(ActorRole.SYSTEM, "keys")


def read_key_version(deps: Deps) -> int:
    """The version of the key table; when it differs from `deps.signer.ring.version`, load the ring again."""
    with deps.read() as connection:
        return key_version(connection)


def load_key_ring(deps: Deps) -> KeyRing:
    """Every key that is published or trusted, ready for use.

    Raises:
        CannotOpen: a private key is sealed under a version of IDP_KEY_ENCRYPTION_KEY that is not given.
    """
    with deps.read() as connection:
        version = key_version(connection)
        rows = list_keys(connection)
    now = deps.clock.now()
    return KeyRing(
        version,
        [parse_key(row.key, row.public_jwk, open_private(deps, row)) for row in rows if row.key.is_trusted(now)],
    )


def renew_key_ring(deps: Deps) -> bool:
    """Load the ring again if the table has moved; whether it had. Called by everything that runs for long."""
    if read_key_version(deps) == deps.signer.ring.version:
        return False
    deps.signer.swap(load_key_ring(deps))
    return True


def signing_key_name(kid: str) -> str:
    """What a private key is sealed for: moved to another row it does not open."""
    return f"signing-key:{kid}"


def open_private(deps: Deps, row: KeyRow) -> bytes | None:
    """The private part of a key that may sign, else None."""
    if row.private_sealed is None:
        return None
    return deps.sealer.open(signing_key_name(row.key.kid), row.private_sealed, row.key_encryption_key_id)


def ensure_keys(deps: Deps, actor: Actor = SYSTEM) -> bool:
    """Make the first key of every algorithm, active at once: nobody has cached a JWKS yet.

    Any number of nodes may start together; the one that makes the version row makes the keys.
    """
    if read_key_version(deps) > 0:
        return False
    made = [(alg, make_key(alg)) for alg in SigningAlgorithm]
    with deps.transaction() as connection:
        if not begin_versions(connection):
            return False
        store_keys(connection, deps, actor, made, KeyState.ACTIVE)
        return True


def store_keys(
    connection: Connected,
    deps: Deps,
    actor: Actor,
    made: Iterable[tuple[SigningAlgorithm, MadeKey]],
    state: KeyState,
) -> None:
    """Seal and keep new keys in the open transaction."""
    now = deps.clock.now()
    for alg, pair in made:
        sealed, key_id = deps.sealer.seal(signing_key_name(pair.kid), pair.private)
        key = SigningKey(pair.kid, alg, state, now, now if state is KeyState.ACTIVE else None)
        insert_key(connection, KeyRow(key, pair.public_jwk, sealed, key_id))
        facts: dict[str, str | int] = {"kid": pair.kid, "alg": alg, "state": state}
        write_audit(connection, deps, actor, AuditRecord(AuditEvent.KEY_CREATED, facts=facts))
    move_version(connection)
