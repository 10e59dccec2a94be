"""The closed list of what is written to people. One mail, one name, one template per language."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from idp.domain.platform.instants import HOUR, MINUTE, Instant, after


class Message(StrEnum):
    """One name per mail; `idp/jobs/mail/NAME.fr.txt` and `NAME.en.txt` hold its words."""

    SIGN_IN_DELAYED = "sign_in_delayed"
    """Someone is trying this account's door: a link that lets its owner pass. Facts: link, given_name, family_name."""
    SIRET_ALERT = "siret_alert"
    """Many names are being tried at an establishment. Facts: siret, given_name, family_name of an administrator."""
    PASSWORD_CHANGED = "password_changed"
    """Facts: given_name, family_name."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, rendered. `message_id` is the same at every try, so that a mailbox can drop a second copy."""

    message: Message
    recipient: str
    sender_name: str
    subject: str
    text: str
    html: str
    message_id: str
    written_at: Instant


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one try ended: delivered, refused for ever (`permanent`), or to be tried again."""

    delivered: bool
    permanent: bool = False
    reason: str = ""
    """Short and technical, such as "smtp 450"; never the server's words, which may hold the address."""


RETRY_AFTER = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR, 24 * HOUR)
"""Waits between tries; after the last one the message is abandoned."""


def next_attempt(attempts: int, now: Instant) -> Instant | None:
    """When to try again after this many failed tries, or None to give up."""
    return after(now, RETRY_AFTER[attempts - 1]) if attempts <= len(RETRY_AFTER) else None
