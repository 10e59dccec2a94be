"""How long things live. Milliseconds, as instants are."""

from __future__ import annotations

from dataclasses import dataclass

from idp.domain.platform.instants import DAY, HOUR, MINUTE, SECOND


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Every life in one place, so that a test can age anything and a page can say it."""

    session_idle: int = 30 * MINUTE
    session_absolute: int = 12 * HOUR
    last_seen_step: int = MINUTE
    """`last_seen_at` moves at most this often."""
    transaction: int = 30 * MINUTE
    """From the last step on: whoever is still at it is not thrown out (WCAG 2.2.1)."""
    transaction_absolute: int = 8 * HOUR
    transaction_step: int = MINUTE
    """A transaction is prolonged at most this often."""
    posted_request: int = 60 * SECOND
    authorization_response: int = 10 * MINUTE
    """A signed response (JARM) is to be read by then."""
    pushed_request: int = 300 * SECOND
    """The browser must come with it by then; its transaction has a life of its own."""
    code: int = 60 * SECOND
    hand_over_ticket: int = 60 * SECOND
    """What a framed form was given must be at the top level by then."""
    hand_over: int = 10 * MINUTE
    """A person who comes with it may be asked something first."""
    legacy_token: int = 60 * SECOND
    """What an old widget's page was posted must be redeemed by then."""
    legacy_token_memory: int = 10 * MINUTE
    """For this long a redeemed one is known for a replay."""
    device_code: int = 10 * MINUTE
    access_token: int = 5 * MINUTE
    id_token: int = 5 * MINUTE
    refresh_reuse: int = 10 * SECOND
    """For this long a rotated refresh token gets the identical response."""
    refresh_offline: int = 90 * DAY
    device: int = 180 * DAY
    seen: int = 30 * DAY
    """After that long without a click on a page of ours, a framed sign-in shows one before the session is kept."""
    sign_in_link: int = 30 * MINUTE
    jwks_cache: int = 5 * MINUTE
    key_spread: int = MINUTE
    """Every node has published a new key this long after its birth: workers look every 5 s, clocks may differ."""
    key_active: int = 90 * DAY
    hint_keys: int = 30 * DAY
    """Public keys stay for verifying id_token_hint this much longer than the longest session."""
    audit: int = 365 * DAY
    outbox: int = 30 * DAY
    clock_skew: int = 30 * SECOND
    """A client's clock may be off by this much."""
    dpop_proof: int = 30 * SECOND
    """A DPoP proof counts this long before and after its `iat`."""
    dpop_nonce: int = 5 * MINUTE
    """A DPoP nonce is ours for this while and the next."""
    finished_job: int = 7 * DAY
    lease: int = 2 * MINUTE
    """A runner that has not reported for this long is taken for dead, and its work is given to another."""
