"""What an accepted try opens: a session in the browser that sent it, or what its caller says instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from idp.domain.people.accounts import Account
from idp.domain.platform.actors import Actor
from idp.domain.platform.address_prefixes import address_prefix
from idp.domain.platform.instants import Instant, after
from idp.domain.sign_in.assurance import PASSWORD_AMR, acr_of_password
from idp.domain.sign_in.password_triplet import SignedIn, TripletAttempt
from idp.domain.sign_in.sessions import LiveSession
from idp.store.database import Connected
from idp.usecases.deps import Deps
from idp.usecases.sign_in.begin_session import (
    Began,
    Browser,
    Opening,
    ReplacedSession,
    begin_session,
    remember_browser,
)

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The right password of an account that may sign in; the account stays as it is until commit."""

    attempt: TripletAttempt
    account: Account
    browser: Browser
    at: Instant
    """From before the account was read."""


@dataclass(frozen=True, slots=True)
class Opened(Generic[Outcome]):
    """What came of it: told to who tried, and written in the trace."""

    outcome: Outcome
    facts: Mapping[str, str | int] = field(default_factory=dict)
    replaced: ReplacedSession | None = None


Then = Callable[[Connected, Deps, Actor, Outcome], None]
"""What follows of an outcome at once: in the same transaction, after its trace."""

Accept = Callable[[Connected, Deps, Actor, Accepted], Opened[Outcome]]
"""Runs in the open transaction of the accepted try."""


def open_session(connection: Connected, deps: Deps, actor: Actor, accepted: Accepted) -> Opened[SignedIn]:
    """The browser's session and its known device: the person is on our own page."""
    attempt, account = accepted.attempt, accepted.account
    opening = Opening(
        account_id=account.id,
        subject=account.subject,
        acr=acr_of_password(account.state),
        at=accepted.at,
        client_id=attempt.client_id,
        transaction_id=attempt.transaction_id,
        session_token=attempt.session_token,
        browser_label=attempt.browser_label,
    )
    began = begin_session(connection, deps, actor, opening)
    device = remember_browser(connection, deps, account.id, accepted.browser, accepted.at)
    holds = began.created_at >= account.valid_from  # the account may have been changed just before it was read
    outcome = SignedIn(began.token, device, _live(deps, actor, accepted, began), began.done if holds else None)
    return Opened(outcome, {"session": began.id}, began.replaced)


def _live(deps: Deps, actor: Actor, accepted: Accepted, began: Began) -> LiveSession:
    """The session as the database would tell it, if it holds: whoever has just written it need not ask."""
    attempt, account = accepted.attempt, accepted.account
    return LiveSession(
        id=began.id,
        account_id=account.id,
        subject=account.subject,
        given_name=account.given_name,
        family_name=account.family_name,
        siret=account.siret,
        auth_time=accepted.at,
        acr=acr_of_password(account.state),
        amr=PASSWORD_AMR,
        created_at=began.created_at,
        last_seen_at=accepted.at,
        expires_at=after(accepted.at, deps.lifetimes.session_absolute),
        browser_label=attempt.browser_label,
        address_prefix=address_prefix(actor.address),
    )
