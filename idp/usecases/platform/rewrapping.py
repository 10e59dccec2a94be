"""Sealing everything again under the first version of IDP_KEY_ENCRYPTION_KEY, so that the others can be thrown away."""

from __future__ import annotations

from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.store.platform.jobs import list_sealed_messages, reseal_message
from idp.store.platform.keys import SealedRow, list_keys, list_sealed, reseal_key, reseal_value
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit
from idp.usecases.platform.keys import signing_key_name
from idp.usecases.platform.notifications import message_name


def rewrap(deps: Deps, actor: Actor) -> int:
    """Seal again what an older version sealed; how many were. Afterwards no value needs an older version.

    Raises:
        CannotOpen: a value is sealed under a version that is not given.
    """
    count = _rewrap_keys(deps) + _rewrap_values(deps) + _rewrap_messages(deps)
    with deps.transaction() as connection:
        facts: dict[str, str | int] = {"count": count, "key_encryption_key": deps.sealer.current}
        write_audit(connection, deps, actor, AuditRecord(AuditEvent.KEYS_REWRAPPED, facts=facts))
    return count


def _rewrap_keys(deps: Deps) -> int:
    with deps.read() as connection:
        rows = list_keys(connection)
    count = 0
    for row in rows:
        was = row.key_encryption_key_id
        if row.private_sealed is None or was == deps.sealer.current:
            continue
        name = signing_key_name(row.key.kid)
        sealed, key_id = deps.sealer.seal(name, deps.sealer.open(name, row.private_sealed, was))
        with deps.transaction() as connection:
            count += reseal_key(connection, row.key.kid, sealed, key_id, was)
    return count


def _rewrap_values(deps: Deps) -> int:
    with deps.read() as connection:
        rows = list_sealed(connection)
    count = 0
    for row in rows:
        was = row.key_encryption_key_id
        if was == deps.sealer.current:
            continue
        sealed, key_id = deps.sealer.seal(row.name, deps.sealer.open(row.name, row.sealed, was))
        with deps.transaction() as connection:
            count += reseal_value(connection, SealedRow(row.name, sealed, key_id), was)
    return count


def _rewrap_messages(deps: Deps) -> int:
    with deps.read() as connection:
        rows = list_sealed_messages(connection, but=deps.sealer.current)
    count = 0
    for row in rows:
        name = message_name(row.message, row.recipient)
        plain = deps.sealer.open(name, row.facts_sealed, row.key_encryption_key_id)
        sealed, key_id = deps.sealer.seal(name, plain)
        with deps.transaction() as connection:
            count += reseal_message(connection, row.id, sealed, key_id, row.key_encryption_key_id)
    return count
