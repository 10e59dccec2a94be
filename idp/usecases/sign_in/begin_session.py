"""Steps of every accepted sign-in, in its open transaction: the session, the known browser, the journey's mark."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from idp.domain.people.triplets import TripletKey
from idp.domain.platform.actors import Actor
from idp.domain.platform.address_prefixes import address_prefix
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.digests import cookieless_hash, token_hash
from idp.domain.platform.instants import Instant, after
from idp.domain.platform.jobs import JobKind
from idp.domain.sign_in.assurance import PASSWORD_AMR, Channel
from idp.domain.sign_in.journey import Act, Done
from idp.domain.sign_in.sessions import LiveSession
from idp.store.database import Connected
from idp.store.people.accounts import AccountRow, hold_if_valid_from
from idp.store.sign_in.devices import KnownAccount, find_known_accounts, forget_least_used, keep_device
from idp.store.sign_in.sessions import end_session, find_live_session, insert_session, rotate_session
from idp.store.sign_in.transactions import record_done
from idp.usecases.deps import Deps, StoreUnavailable
from idp.usecases.platform.audit import write_audit
from idp.usecases.platform.jobs import enqueue


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser by its device cookie. `token` is empty unless we gave it out: one that was planted is not taken up."""

    token: str = field(repr=False)
    known: Sequence[KnownAccount]

    def is_known_to(self, account_id: int) -> bool:
        """Whether that account has this browser among its own."""
        return any(item.account_id == account_id for item in self.known)

    def is_favoured(self, key: TripletKey | None) -> bool:
        """Whether it passes at the account of this triplet, and so has the queue's kept half."""
        return any(item.passes and item.key == key for item in self.known)


def look_at_browser(connection: Connected, device_token: str, now: Instant) -> Browser:
    """Who knows this browser: one statement, or none without a cookie; nothing typed matters."""
    known = find_known_accounts(connection, token_hash(device_token), now) if device_token else []
    return Browser(device_token if known else "", known)


@dataclass(frozen=True, slots=True)
class ReplacedSession:
    """A session that ended because someone else signed in in its browser, and whose it was."""

    id: str
    subject: str


@dataclass(frozen=True, slots=True)
class Began:
    """A session and its new cookie, and the session of another person that it replaced in this browser."""

    id: str
    token: str
    created_at: Instant
    """Of the session, which the same person's sign-in goes on with."""
    replaced: ReplacedSession | None = None
    done: Done | None = None
    """All that was done in the transaction by now; None: it is no longer open."""


def hold_account(connection: Connected, found: AccountRow) -> bool:
    """Whether the account is still as it was when the password was compared; it stays so until commit.

    The hash takes its time: a password changed or a person suspended meanwhile must win.
    """
    return hold_if_valid_from(connection, found.account.id, found.account.valid_from)


@dataclass(frozen=True, slots=True)
class Opening:
    """A proof of who somebody is, and the browser and the transaction that a session is opened for by it."""

    account_id: int
    subject: str
    acr: str
    at: Instant
    """When it was proved: what it opens is older than any change of the account made since, and dies with it."""
    client_id: str
    transaction_id: str
    session_token: str = field(default="", repr=False)
    """Of the session that this browser has already, or ""."""
    browser_label: str = ""
    channel: Channel = Channel.TOP
    cookieless: bool = False
    """No browser keeps it: its new cookie is nobody's."""


def begin_session(connection: Connected, deps: Deps, actor: Actor, opening: Opening) -> Began:
    """The browser's session from now on, under a new cookie, marked in the transaction it was opened for.

    The same person's session goes on (portals already joined to it stay so); another person's ends. A cookie value
    from before the sign-in never is one from after it, so planting one gains nothing (session fixation).
    """
    token = deps.random.token()
    values = _session_values(deps, actor, opening, token)
    old = _session_before(connection, deps, opening)
    session_id, created_at, replaced = "", opening.at, None
    if old is not None and old.account_id == opening.account_id:
        session_id = _rotated(connection, old, opening, values)
        created_at = old.created_at if session_id else opening.at
    else:
        replaced = _replaced(connection, deps, actor, opening, old)
    if not session_id:
        session_id = deps.random.token(16)
        own: dict[str, Any] = {"id": session_id, "account_id": opening.account_id, "created_at": opening.at}
        if opening.cookieless:
            own["token_hash"] = cookieless_hash(session_id)
        insert_session(connection, {**values, **own})
    done = record_done(connection, opening.transaction_id, Act.SIGN_IN, opening.at, session_id)
    return Began(session_id, token, created_at, replaced, None if done is None else Done.from_json(done))


def _session_values(deps: Deps, actor: Actor, opening: Opening, token: str) -> dict[str, Any]:
    return {
        "token_hash": token_hash(token),
        "auth_time": opening.at,
        "last_seen_at": opening.at,
        "acr": opening.acr,
        "amr": " ".join(PASSWORD_AMR),
        "channel": opening.channel,
        "browser_label": opening.browser_label,
        "address_prefix": address_prefix(actor.address),
        "expires_at": after(opening.at, deps.lifetimes.session_absolute),
    }


def _session_before(connection: Connected, deps: Deps, opening: Opening) -> LiveSession | None:
    if not opening.session_token:
        return None
    return find_live_session(connection, token_hash(opening.session_token), opening.at, deps.lifetimes)


def _rotated(connection: Connected, old: LiveSession, opening: Opening, values: dict[str, Any]) -> str:
    """The id of this person's own session in this browser, now under its new cookie; "" when a new one is needed."""
    return old.id if rotate_session(connection, old.id, token_hash(opening.session_token), values) else ""


def _replaced(
    connection: Connected, deps: Deps, actor: Actor, opening: Opening, old: LiveSession | None
) -> ReplacedSession | None:
    """Another person's session ends here. Its portals hear at once; the job is for a process that dies first."""
    if old is None or not end_session(connection, old.id, old.account_id, opening.at):
        return None
    record = AuditRecord(AuditEvent.SESSION_ENDED, old.subject, opening.client_id, {"session": old.id})
    write_audit(connection, deps, actor, record)
    enqueue(connection, deps, JobKind.SESSION_REPLACED, {"session": old.id, "subject": old.subject})
    return ReplacedSession(old.id, old.subject)


def tell_of_replaced(deps: Deps, actor: Actor, replaced: ReplacedSession | None) -> None:
    """After the commit. Whoever has signed in stays so: what cannot be told now is the job's."""
    if replaced is not None:
        with suppress(StoreUnavailable):
            deps.on_session_replaced(deps, actor, replaced.subject, replaced.id)


def remember_browser(connection: Connected, deps: Deps, account_id: int, browser: Browser, at: Instant) -> str:
    """The browser's device cookie, which this account knows from now on."""
    token = browser.token or deps.random.token()
    keep_device(connection, token_hash(token), account_id, at, after(at, deps.lifetimes.device))
    if not browser.is_known_to(account_id):
        forget_least_used(connection, account_id, token_hash(token))
    return token
