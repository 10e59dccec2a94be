"""The step that writes a message to someone: it leaves after the transaction commits, or never."""

from __future__ import annotations

from collections.abc import Mapping

from idp.domain.platform.instants import after
from idp.domain.platform.messages import Message
from idp.store.database import Connected
from idp.store.platform.jobs import insert_message
from idp.usecases.deps import Deps


def notify(
    connection: Connected,
    deps: Deps,
    message: Message,
    *,
    recipient: str,
    locale: str,
    theme: str,
    facts: Mapping[str, str | int],
) -> None:
    """Queue `message` in the open transaction: one insert."""
    now = deps.clock.now()
    insert_message(
        connection,
        {
            "message": message,
            "recipient": recipient,
            "locale": locale,
            "theme": theme,
            "facts": dict(facts),
            "created_at": now,
            "next_attempt_at": now,
            "expires_at": after(now, deps.lifetimes.outbox),
        },
    )
