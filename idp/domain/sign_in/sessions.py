"""A browser's session, as everyone else sees it."""

from __future__ import annotations

from dataclasses import dataclass

from idp.domain.platform.instants import Instant
from idp.domain.sign_in.assurance import Channel


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session that holds now: neither ended, idle, past its absolute life, nor older than its account allows."""

    id: str
    """Public handle; grants nothing."""
    account_id: int
    subject: str
    given_name: str
    family_name: str
    siret: str
    auth_time: Instant
    acr: str
    amr: tuple[str, ...]
    created_at: Instant
    last_seen_at: Instant
    expires_at: Instant
    """Absolute end."""
    browser_label: str = ""
    address_prefix: str = ""
    channel: str = Channel.TOP
    """Where it was opened."""
