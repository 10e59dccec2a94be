"""Signing in by SIRET, names and password.

Owns the order: a place in the queue, the throttles, the hash, the outcome. Does not own whose browser sent the form
(`find_transaction`, before) nor what comes next (`then`, or `/authorize/resume` after it).

A refusal looks the same for an unknown triplet, a wrong password, no password, an inactive account and a malformed
name: one hash's worth of work, the same statements in the same order, the same counters. No transaction is open
while the hash runs, and a crash in between leaves the try counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from idp.adapters.hasher import Full
from idp.adapters.password_hashes import Verification
from idp.domain.people.accounts import is_spelled
from idp.domain.people.siret import is_usable_here
from idp.domain.people.triplets import TripletKey, triplet_key
from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.digests import token_hash
from idp.domain.platform.instants import Instant
from idp.domain.platform.limits import RULES, Counted, Limit, Try
from idp.domain.platform.metrics import Metric
from idp.domain.sign_in.password_triplet import (
    Busy,
    Delayed,
    NotSignedIn,
    Refused,
    SignedIn,
    SignInOutcome,
    SiretClosed,
    TripletAttempt,
)
from idp.domain.sign_in.throttling import allowed_from, delayed_until, tries_of, tries_on_siret, typed_triplet
from idp.store.database import Connected
from idp.store.people.accounts import AccountRow, find_to_compare, renew_password_hash
from idp.store.platform.rate_limits import count_tries, uncount_tries
from idp.store.sign_in.devices import count_device_try, uncount_device_try
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit
from idp.usecases.sign_in.accepted_tries import Accept, Accepted, Outcome, Then, open_session
from idp.usecases.sign_in.begin_session import Browser, hold_account, look_at_browser, tell_of_replaced

NO_ACCOUNT = 0


@dataclass(frozen=True, slots=True)
class Reserved:
    """A counted try that may now be compared. `at` is before the account was read: what it opens is older than
    any change of the account made since, and dies with it."""

    at: Instant
    found: AccountRow | None
    highest_cost: int
    tries: Sequence[Try]
    passed_as_device: bool
    facts: dict[str, str | int]

    @property
    def subject(self) -> str:
        """Whose door was tried, for the trace; empty for an unknown triplet."""
        return self.found.account.subject if self.found else ""


def sign_in_by_triplet(
    deps: Deps, actor: Actor, attempt: TripletAttempt, then: Then[SignedIn] | None = None
) -> SignInOutcome:
    """Try these four and this browser once; the right password opens its session."""
    return try_triplet(deps, actor, attempt, open_session, then)


def try_triplet(
    deps: Deps, actor: Actor, attempt: TripletAttempt, accept: Accept[Outcome], then: Then[Outcome] | None = None
) -> Outcome | NotSignedIn:
    """Try these four once; `accept` says what the right password opens."""
    outcome = _try(deps, actor, attempt, accept, then)
    deps.metrics.count(Metric.SIGN_INS, outcome=OUTCOME_NAMES.get(type(outcome), "accepted"))
    return outcome


OUTCOME_NAMES: dict[type[object], str] = {
    Refused: "refused",
    Delayed: "delayed",
    Busy: "busy",
    SiretClosed: "siret_closed",
}


def _try(
    deps: Deps, actor: Actor, attempt: TripletAttempt, accept: Accept[Outcome], then: Then[Outcome] | None
) -> Outcome | NotSignedIn:
    key = triplet_key(attempt.siret, attempt.family_name, attempt.given_name)
    browser = _browser_of(deps, attempt)
    place = deps.hasher.enter(favoured=browser.is_favoured(key))
    if isinstance(place, Full):
        return Busy(place.retry_after_seconds)
    with place:
        reserved = reserve_attempt(deps, actor, attempt, key)
        if isinstance(reserved, Delayed):
            return reserved
        verified = place.verify(
            attempt.password,
            reserved.found.password_hash if reserved.found else None,
            highest_cost=reserved.highest_cost,
            admissible=_may_enter(deps, attempt, reserved.found),
        )
    return _settle(deps, actor, attempt, reserved, verified, browser, accept, then)


def _browser_of(deps: Deps, attempt: TripletAttempt) -> Browser:
    """A browser without a cookie needs no database."""
    if not attempt.device_token:
        return Browser("", ())
    with deps.read() as connection:
        return look_at_browser(connection, attempt.device_token, deps.clock.now())


def _may_enter(deps: Deps, attempt: TripletAttempt, found: AccountRow | None) -> bool:
    """Whether the right password would be enough."""
    if found is None or not found.account.state.may_sign_in:
        return False
    if not is_usable_here(found.account.siret, deps.people_rules.test_sirens):
        return False
    return not attempt.exact or is_spelled(found.account, attempt.family_name, attempt.given_name)


def reserve_attempt(deps: Deps, actor: Actor, attempt: TripletAttempt, key: TripletKey | None) -> Reserved | Delayed:
    """Count the try and load what it is compared with, or say when to come back; then nothing was counted but the
    SIRET's alert. Not durable by itself: what comes of a counted try is."""
    now = deps.clock.now()
    with deps.transaction(durable=False) as connection:
        found, highest_cost = find_to_compare(connection, key)
        passes = _passes_as_device(connection, attempt, found, now)
        typed = typed_triplet(key, attempt.siret, attempt.family_name, attempt.given_name)
        tries = tries_of(typed, actor.address, passes=passes, key_of=deps.keyed_hash.of)
        counted = count_tries(connection, tries, now)
        reserved = Reserved(now, found, highest_cost, tries, passes, _facts(key, counted))
        opens = allowed_from(counted, passes=passes)
        if opens <= now:
            return reserved
        uncount_tries(connection, [item for item in tries if RULES[item.limit].delays], now)
        facts: dict[str, str | int] = {"until": opens, "locale": attempt.locale, "theme": attempt.theme}
        _trace(connection, deps, actor, attempt, reserved, AuditEvent.SIGN_IN_DELAYED, facts)
        return Delayed(opens, for_triplet=opens == delayed_until(counted, Limit.TRIPLET))


def _passes_as_device(connection: Connected, attempt: TripletAttempt, found: AccountRow | None, now: Instant) -> bool:
    # Asked whenever there is a cookie, also of an unknown triplet: the statements must not tell.
    account_id = found.account.id if found else NO_ACCOUNT
    known = bool(attempt.device_token)
    return known and count_device_try(connection, token_hash(attempt.device_token), account_id, now)


def _facts(key: TripletKey | None, counted: Sequence[Counted]) -> dict[str, str | int]:
    # Only a well-formed SIRET is written down: people type passwords into the wrong field.
    return {"siret": key.siret if key else "", "siret_tries": tries_on_siret(counted)}


def _settle(
    deps: Deps,
    actor: Actor,
    attempt: TripletAttempt,
    reserved: Reserved,
    verified: Verification,
    browser: Browser,
    accept: Accept[Outcome],
    then: Then[Outcome] | None,
) -> Outcome | NotSignedIn:
    """Keep the count of a refusal; open what an accepted try opens and give its count back."""
    found = reserved.found
    with deps.transaction() as connection:
        if found is None or not verified.accepted or not hold_account(connection, found):
            _trace(connection, deps, actor, attempt, reserved, AuditEvent.SIGN_IN_REFUSED)
            return Refused()
        if found.closed_at is not None:
            _give_back(connection, attempt, reserved, found)
            _trace(connection, deps, actor, attempt, reserved, AuditEvent.SIRET_CLOSED_EXPLAINED)
            return SiretClosed(found.account.siret, found.successor_siret or "", found.establishment_label)
        accepted = Accepted(attempt, found.account, browser, reserved.at)
        opened = accept(connection, deps, actor, accepted)
        if verified.renewed_hash and found.password_hash:
            renew_password_hash(connection, found.account.id, found.password_hash, verified.renewed_hash)
        _trace(connection, deps, actor, attempt, reserved, AuditEvent.SIGN_IN_ACCEPTED, opened.facts)
        if then:
            then(connection, deps, actor, opened.outcome)
        uncount_tries(connection, reserved.tries, reserved.at)  # last: everybody of this network waits for these rows
    tell_of_replaced(deps, actor, opened.replaced)
    return opened.outcome


def _give_back(connection: Connected, attempt: TripletAttempt, reserved: Reserved, found: AccountRow) -> None:
    if reserved.passed_as_device:
        uncount_device_try(connection, token_hash(attempt.device_token), found.account.id)
    uncount_tries(connection, reserved.tries, reserved.at)


def _trace(
    connection: Connected,
    deps: Deps,
    actor: Actor,
    attempt: TripletAttempt,
    reserved: Reserved,
    event: AuditEvent,
    facts: Mapping[str, str | int] | None = None,
) -> None:
    told = {**reserved.facts, **(facts or {})}
    write_audit(connection, deps, actor, AuditRecord(event, reserved.subject, attempt.client_id, told))
