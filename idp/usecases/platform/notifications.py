"""The step that writes a message to someone: it leaves after the transaction commits, or never."""

from __future__ import annotations

import json
from collections.abc import Mapping

from idp.domain.platform.instants import after
from idp.domain.platform.messages import Message
from idp.store.database import Connected
from idp.store.platform.jobs import insert_message
from idp.usecases.deps import Deps


def message_name(message: str, recipient: str) -> str:
    """What a message's facts are sealed for: copied to another recipient's row they do not open."""
    return f"outbox:{message}:{recipient}"


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
    """Queue `message` in the open transaction: one insert. Its facts may hold a link that opens a door: sealed."""
    now = deps.clock.now()
    sealed, key_id = deps.sealer.seal(message_name(message, recipient), json.dumps(dict(facts)).encode())
    insert_message(
        connection,
        {
            "message": message,
            "recipient": recipient,
            "locale": locale,
            "theme": theme,
            "facts_sealed": sealed,
            "key_encryption_key_id": key_id,
            "created_at": now,
            "next_attempt_at": now,
            "expires_at": after(now, deps.lifetimes.outbox),
        },
    )
