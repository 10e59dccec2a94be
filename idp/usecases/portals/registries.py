"""The registry that was accepted, the processes that use it, and the end of a client's tokens."""

from __future__ import annotations

from collections.abc import Iterable

from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.instants import DAY, SECOND, Instant, after
from idp.domain.portals.clients import ClientRegistry
from idp.domain.portals.registry_content import content_of, registry_from
from idp.store.database import Connected
from idp.store.portals.registries import (
    AcceptedRegistry,
    cut_off,
    forget_registries,
    forget_workers,
    keep_registry,
    newest_registry,
    renew_worker,
)
from idp.store.portals.registries import WorkerRow as WorkerRow  # what a process says of itself
from idp.store.portals.registries import live_workers as list_live_workers
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit

DEAD_AFTER = 15 * SECOND
"""A process that was not seen for this long is dead."""


def last_good_registry(deps: Deps) -> ClientRegistry | None:
    """The registry accepted last by any process; None before a deployment's first start."""
    with deps.read() as connection:
        newest = newest_registry(connection)
    return registry_from(newest.content, deps.issuer) if newest else None


def accept_registry(deps: Deps, actor: Actor, registry: ClientRegistry) -> bool:
    """Keep `registry` as last good and end the tokens of the clients it no longer has.

    Every process that sees the new file comes here; one does it, the others get False.
    """
    content = content_of(registry)
    with deps.transaction() as connection:
        newest = newest_registry(connection)
        if newest is not None and newest.digest == registry.digest:
            return False
        newest_at = newest.accepted_at if newest else Instant(0)
        now = max(deps.clock.now(), after(newest_at, 1))
        if not keep_registry(connection, registry.digest, content, now, newest_at):
            return False
        gone = _gone(newest, registry)
        end_tokens(connection, deps, actor, gone, "removed from the registry")
        facts: dict[str, str | int] = {"digest": registry.digest, "clients": len(registry.clients), "gone": len(gone)}
        write_audit(connection, deps, actor, AuditRecord(AuditEvent.REGISTRY_ACCEPTED, facts=facts))
        forget_registries(connection, after(now, -deps.lifetimes.audit))
        return True


def end_client_tokens(deps: Deps, actor: Actor, client_id: str) -> None:
    """Whatever was given to this client is dead: codes, refresh tokens, and access tokens wherever we are asked."""
    with deps.transaction() as connection:
        end_tokens(connection, deps, actor, [client_id], "ended by hand")


def end_tokens(connection: Connected, deps: Deps, actor: Actor, client_ids: Iterable[str], reason: str) -> None:
    """Cut these clients off in the open transaction."""
    now = deps.clock.now()
    for client_id in client_ids:
        cut_off(connection, client_id, after(now, 1))
        record = AuditRecord(AuditEvent.CLIENT_TOKENS_ENDED, client_id=client_id, facts={"reason": reason})
        write_audit(connection, deps, actor, record)


def report_worker(deps: Deps, actor: Actor, worker: WorkerRow) -> None:
    """Renew the row of this process. A problem is traced once, by the first process that has it."""
    now = deps.clock.now()
    with deps.transaction() as connection:
        others = list_live_workers(connection, after(now, -DEAD_AFTER))
        if worker.problem and worker.problem not in {other.problem for other in others}:
            facts: dict[str, str | int] = {"problem": worker.problem}
            write_audit(connection, deps, actor, AuditRecord(AuditEvent.REGISTRY_REFUSED, facts=facts))
        if worker.id not in {other.id for other in others}:
            forget_workers(connection, after(now, -DAY))
        renew_worker(connection, worker, now)


def live_workers(deps: Deps) -> list[WorkerRow]:
    """The processes that serve this deployment now, on any machine."""
    with deps.read() as connection:
        return list_live_workers(connection, after(deps.clock.now(), -DEAD_AFTER))


def _gone(newest: AcceptedRegistry | None, registry: ClientRegistry) -> list[str]:
    before = [item["client_id"] for item in newest.content["clients"]] if newest else []
    return [client_id for client_id in before if client_id not in registry.clients]
