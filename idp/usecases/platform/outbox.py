"""Messages that wait: leased, tried, and settled. The words are made between the two transactions, by the caller."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from idp.adapters.sealer import CannotOpen
from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.instants import Instant, after
from idp.domain.platform.messages import Delivery, Message, next_attempt
from idp.domain.platform.metrics import Metric
from idp.store.platform.jobs import OutboxRow
from idp.store.platform.jobs import lease_messages as lease_rows
from idp.store.platform.jobs import settle_message as settle_row
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit
from idp.usecases.platform.notifications import message_name

AT_ONCE = 10
"""Few, so that the lease outlives the tries of them all."""


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """A message that this runner alone may send now."""

    id: int
    message: Message
    recipient: str
    locale: str
    theme: str
    created_at: Instant
    attempts: int
    facts: dict[str, str | int] = field(repr=False)


def lease_messages(deps: Deps, runner: str) -> list[WaitingMessage]:
    """The messages to send now."""
    now = deps.clock.now()
    with deps.transaction() as connection:
        rows = lease_rows(connection, runner, now, after(now, deps.lifetimes.lease), AT_ONCE)
    known = (_opened(deps, row) for row in rows)
    return [message for message in known if message is not None]


def settle_message(deps: Deps, runner: str, waiting: WaitingMessage, delivery: Delivery) -> None:
    """Write how the try ended: sent, to be tried again, or abandoned. What it said is forgotten at its end."""
    now = deps.clock.now()
    attempts = waiting.attempts + 1
    again = None if delivery.delivered or delivery.permanent else next_attempt(attempts, now)
    values: dict[str, object] = {"attempts": attempts, "last_error": delivery.reason}
    if again is not None:
        values["next_attempt_at"] = again
    else:
        values["sent_at" if delivery.delivered else "abandoned_at"] = now
        values["facts_sealed"] = b""
    with deps.transaction() as connection:
        settled = settle_row(connection, waiting.id, runner, values)
        if settled and again is None:
            event = AuditEvent.MAIL_SENT if delivery.delivered else AuditEvent.MAIL_ABANDONED
            facts: dict[str, str | int] = {"message": waiting.message, "outbox_id": waiting.id, "attempts": attempts}
            record = AuditRecord(event, facts=facts | ({"reason": delivery.reason} if delivery.reason else {}))
            write_audit(connection, deps, Actor(ActorRole.SYSTEM, runner), record)
    outcome = "sent" if delivery.delivered else "abandoned" if again is None else "delayed"
    deps.metrics.count(Metric.MAILS, outcome=outcome)


def _opened(deps: Deps, row: OutboxRow) -> WaitingMessage | None:
    """The message, or None when its key is not given here or its name is newer than we: another runner may know."""
    try:
        return _read(deps, row)
    except (CannotOpen, ValueError):
        deps.log.event("mail.unreadable", {"message": row.message, "outbox_id": row.id})
        return None


def _read(deps: Deps, row: OutboxRow) -> WaitingMessage:
    name = message_name(row.message, row.recipient)
    return WaitingMessage(
        id=row.id,
        message=Message(row.message),
        recipient=row.recipient,
        locale=row.locale,
        theme=row.theme,
        created_at=row.created_at,
        attempts=row.attempts,
        facts=json.loads(deps.sealer.open(name, row.facts_sealed, row.key_encryption_key_id)),
    )
