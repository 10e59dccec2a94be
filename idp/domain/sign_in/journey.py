"""The way of a sign-in: what is demanded, what was done, and so what is next. Steps never route to one another.

Owns the one table that decides. Does not own what a request asks (portals builds `Demands` from request and client) nor
the pages (each step is an address that comes back to /authorize/resume).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from idp.domain.platform.instants import SECOND, Instant
from idp.domain.sign_in.assurance import Acr, Channel
from idp.domain.sign_in.sessions import LiveSession


class Act(StrEnum):
    """What a person can have done in a transaction; recorded under these names."""

    SIGN_IN = "sign_in"
    SELECT_ACCOUNT = "select_account"
    CONSENT = "consent"
    CANCEL = "cancel"
    HAND_OVER = "hand_over"
    """Signed in inside a partner's page, and asked that this browser keep no session."""


class Ask(StrEnum):
    """What a person must be asked next: one page each."""

    SIGN_IN = "sign_in"
    SELECT_ACCOUNT = "select_account"
    CONSENT = "consent"


class Refuse(StrEnum):
    """Why the request ends unanswered: the protocol's own codes (OpenID Connect Core section 3.1.2.6)."""

    ACCESS_DENIED = "access_denied"
    LOGIN_REQUIRED = "login_required"
    ACCOUNT_SELECTION_REQUIRED = "account_selection_required"
    CONSENT_REQUIRED = "consent_required"
    UNMET_AUTHENTICATION_REQUIREMENTS = "unmet_authentication_requirements"


@dataclass(frozen=True, slots=True)
class Answer:
    """Nothing is left to ask: the code may be issued to this session."""

    session: LiveSession


Next = Ask | Refuse | Answer

WHEN_SILENT = {
    Ask.SIGN_IN: Refuse.LOGIN_REQUIRED,
    Ask.SELECT_ACCOUNT: Refuse.ACCOUNT_SELECTION_REQUIRED,
    Ask.CONSENT: Refuse.CONSENT_REQUIRED,
}
"""`prompt=none`: a refusal in place of a page (OpenID Connect Core section 3.1.2.6)."""


@dataclass(frozen=True, slots=True)
class Demands:
    """What an authorization request and its client ask of a sign-in."""

    silent: bool = False
    """prompt=none."""
    login: bool = False
    """prompt=login."""
    select_account: bool = False
    consent: bool = False
    """prompt=consent: also of someone who has consented before."""
    consent_missing: bool = False
    """The client wants a consent page and this person has not agreed to all of the scopes yet."""
    not_allowed: bool = False
    """Something is asked that this person may not have."""
    max_age: int | None = None
    """Seconds."""
    essential_acrs: tuple[str, ...] = ()
    """One of these or nothing (OpenID Connect Core section 5.5.1.1)."""
    somebody_else: bool = False
    """This session is not of the person whom the id_token_hint, or a claims request for one `sub`, names."""


@dataclass(frozen=True, slots=True)
class DoneAct:
    """One act: when, and by which session."""

    at: Instant
    session_id: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What was done in a transaction since it began; empty for a request that has none."""

    acts: Mapping[str, DoneAct] = field(default_factory=dict)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Done:
        """What the transaction's row says."""
        return cls({act: DoneAct(Instant(item["at"]), item["session_id"]) for act, item in stored.items()})

    def has(self, act: Act) -> bool:
        """Whether anyone of this browser did it."""
        return act in self.acts

    @property
    def handed_over(self) -> str:
        """The session without a cookie that this transaction goes on with; "" when it is the browser's own."""
        held = self.acts.get(Act.HAND_OVER)
        latest = self.acts.get(Act.SIGN_IN)
        return held.session_id if held and latest and held.session_id == latest.session_id else ""

    def by(self, act: Act, session: LiveSession) -> bool:
        """Whether this very session did it: what another session did in the same browser counts for nothing."""
        return act in self.acts and self.acts[act].session_id == session.id


Rule = Callable[[Demands, Done, LiveSession, Instant], Ask | Refuse | None]


def _login(demands: Demands, done: Done, session: LiveSession, _now: Instant) -> Ask | None:
    return Ask.SIGN_IN if demands.login and not done.by(Act.SIGN_IN, session) else None


def _too_old(demands: Demands, done: Done, session: LiveSession, now: Instant) -> Ask | None:
    """An act of this transaction satisfies `max_age` however long the later pages take."""
    if demands.max_age is None or done.by(Act.SIGN_IN, session):
        return None
    return Ask.SIGN_IN if now - session.auth_time >= demands.max_age * SECOND else None


def _somebody_else(demands: Demands, done: Done, session: LiveSession, _now: Instant) -> Ask | Refuse | None:
    if not demands.somebody_else:
        return None
    return Refuse.LOGIN_REQUIRED if done.by(Act.SIGN_IN, session) else Ask.SIGN_IN


def _selection(demands: Demands, done: Done, session: LiveSession, _now: Instant) -> Ask | None:
    """Who has just signed in has said who they are."""
    chosen = done.by(Act.SELECT_ACCOUNT, session) or done.by(Act.SIGN_IN, session)
    return Ask.SELECT_ACCOUNT if demands.select_account and not chosen else None


def _unmet_acr(demands: Demands, _done: Done, session: LiveSession, _now: Instant) -> Ask | Refuse | None:
    """A password typed in a frame proves less than the same on our own page: there it may be enough."""
    if demands.essential_acrs and session.acr not in demands.essential_acrs:
        if session.channel == Channel.FRAME:
            return Ask.SIGN_IN
        return Refuse.UNMET_AUTHENTICATION_REQUIREMENTS
    return None


def _not_allowed(demands: Demands, _done: Done, _session: LiveSession, _now: Instant) -> Refuse | None:
    """Not told to a silent request that asks what nobody agreed to: it would tell a page in the background where this
    person works (RFC 9396 section 12)."""
    if demands.silent and demands.consent_missing:
        return None
    return Refuse.ACCESS_DENIED if demands.not_allowed else None


def _consent(demands: Demands, done: Done, session: LiveSession, _now: Instant) -> Ask | None:
    """A consent stored by the page is no longer missing; prompt=consent wants the act of this transaction."""
    asked = demands.consent and not done.by(Act.CONSENT, session)
    return Ask.CONSENT if asked or demands.consent_missing else None


RULES: tuple[Rule, ...] = (_login, _too_old, _somebody_else, _selection, _unmet_acr, _not_allowed, _consent)
"""In this order; the first that wants something decides."""


def next_step(demands: Demands, done: Done, session: LiveSession | None, now: Instant) -> Next:
    """What is next: a page to ask something, a refusal, or the answer."""
    if done.has(Act.CANCEL):
        return Refuse.ACCESS_DENIED
    if demands.essential_acrs and not set(demands.essential_acrs) & set(Acr):
        return Refuse.UNMET_AUTHENTICATION_REQUIREMENTS  # no sign-in of ours could ever reach it: ask nobody
    if session is None:
        wanted: Ask | Refuse | None = Ask.SIGN_IN
    else:
        wanted = next((found for rule in RULES if (found := rule(demands, done, session, now))), None)
    if isinstance(wanted, Ask) and demands.silent:
        return WHEN_SILENT[wanted]
    if wanted is None:
        assert session is not None
        return Answer(session)
    return wanted
