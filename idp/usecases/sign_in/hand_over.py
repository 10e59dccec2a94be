"""From a password typed in a partner's frame to a session: the frame gets a ticket, the browser's top level spends it.

The frame sees no cookie, so nothing that it does may leave a session behind: what it has proved waits here for the
top level of the same browser, for a minute.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.digests import frame_secret_hash, token_hash
from idp.domain.platform.instants import Instant, after
from idp.domain.sign_in.assurance import Acr, Channel, acr_of_password
from idp.domain.sign_in.journey import Act
from idp.store.database import Connected
from idp.store.people.accounts import hold_if_valid_from
from idp.store.sign_in.hand_overs import HandOverRow as HandOverRow  # pages show it
from idp.store.sign_in.hand_overs import (
    find_hand_over,
    finish_hand_over,
    forget_ticket,
    insert_hand_over,
    take_ticket,
)
from idp.store.sign_in.transactions import move_transaction, record_done
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit
from idp.usecases.platform.prefix_limits import count_stored_request
from idp.usecases.sign_in.accepted_tries import Accept, Accepted, Opened
from idp.usecases.sign_in.begin_session import (
    Browser,
    Opening,
    begin_session,
    look_at_browser,
    remember_browser,
    tell_of_replaced,
)


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right password, in a frame: what its top level may come with, once, within a minute."""

    value: str = field(repr=False)


def ticket_up_to(ceiling: Acr, secret: str) -> Accept[Ticket]:
    """What an accepted try opens in the frame that holds this secret: a ticket, whose session will reach `ceiling` at
    most."""

    def give(connection: Connected, deps: Deps, _actor: Actor, accepted: Accepted) -> Opened[Ticket]:
        ticket, account = deps.random.token(), accepted.account
        row = {
            "ticket_hash": token_hash(ticket),
            "transaction_id": accepted.attempt.transaction_id,
            "holder_hash": frame_secret_hash(secret),
            "client_id": accepted.attempt.client_id,
            "account_id": account.id,
            "account_valid_from": account.valid_from,
            "acr": acr_of_password(account.state, ceiling),
            "signed_in_at": accepted.at,
            "expires_at": after(deps.clock.now(), deps.lifetimes.hand_over_ticket),
        }
        insert_hand_over(connection, row)
        return Opened(Ticket(ticket), {"channel": Channel.FRAME})

    return give


def take_hand_over(
    deps: Deps, actor: Actor, ticket: str, *, browser_token: str = "", frame_secret: str = ""
) -> HandOverRow | None:
    """Spend a ticket: its transaction is from now on of this browser, or stays that of the frame with this secret.

    None: it is not good, or its transaction has gone on without that frame.
    """
    now = deps.clock.now()
    becomes = token_hash(browser_token) if browser_token else frame_secret_hash(frame_secret)
    with deps.transaction() as connection:
        taken = take_ticket(connection, token_hash(ticket), now, after(now, deps.lifetimes.hand_over))
        if taken is None:
            _trace_refusal(connection, deps, actor, "ticket")
            return None
        transaction_id, holder = taken
        stays = frame_secret and holder != becomes
        if stays or not move_transaction(connection, transaction_id, was=holder, becomes=becomes, at=now):
            forget_ticket(connection, token_hash(ticket))
            _trace_refusal(connection, deps, actor, "transaction")
            return None
        return find_hand_over(connection, transaction_id, now)


def refuse_hand_over(deps: Deps, actor: Actor, why: str) -> None:
    """Note that somebody came with one from elsewhere than our own frame."""
    with deps.transaction() as connection:
        _trace_refusal(connection, deps, actor, why)


def _trace_refusal(connection: Connected, deps: Deps, actor: Actor, why: str) -> None:
    if count_stored_request(connection, deps, actor) is None:  # one network cannot fill the trail with its own
        write_audit(connection, deps, actor, AuditRecord(AuditEvent.HAND_OVER_REFUSED, facts={"why": why}))


def pending_hand_over(deps: Deps, transaction_id: str) -> HandOverRow | None:
    """The sign-in that this transaction's browser has come with, and that is not finished."""
    with deps.read() as connection:
        return find_hand_over(connection, transaction_id, deps.clock.now())


@dataclass(frozen=True, slots=True)
class BrowserCookies:
    """What a browser carries that a session is to be kept in."""

    session_token: str = field(default="", repr=False)
    device_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Signed in: the new cookies, empty when this browser keeps nothing."""

    session_token: str = field(default="", repr=False)
    device_token: str = field(default="", repr=False)


def complete_hand_over(
    deps: Deps, actor: Actor, *, transaction_id: str, browser_label: str, keep: BrowserCookies | None
) -> HandedOver | None:
    """Begin the session of a taken sign-in: in this browser's cookies, or without any when it keeps none, for this
    one transaction. None: it was finished before, has expired, or the account has changed since."""
    with deps.transaction() as connection:
        row = find_hand_over(connection, transaction_id, deps.clock.now())
        if row is None or not finish_hand_over(connection, transaction_id):
            return None
        if not hold_if_valid_from(connection, row.account_id, row.account_valid_from):
            return None
        opening = Opening(
            account_id=row.account_id,
            subject=row.subject,
            acr=row.acr,
            at=row.signed_in_at,
            client_id=row.client_id,
            transaction_id=transaction_id,
            session_token=keep.session_token if keep else "",
            browser_label=browser_label,
            channel=Channel.FRAME,
            cookieless=keep is None,
        )
        began = begin_session(connection, deps, actor, opening)
        if keep is None:
            record_done(connection, transaction_id, Act.HAND_OVER, row.signed_in_at, began.id)
        device = _device(connection, deps, row.account_id, keep, row.signed_in_at) if keep else ""
        facts: dict[str, str | int] = {"session": began.id, "kept": "yes" if keep else "no"}
        record = AuditRecord(AuditEvent.SIGN_IN_HANDED_OVER, row.subject, row.client_id, facts)
        write_audit(connection, deps, actor, record)
    tell_of_replaced(deps, actor, began.replaced)
    return HandedOver(began.token, device) if keep else HandedOver()


def _device(connection: Connected, deps: Deps, account_id: int, cookies: BrowserCookies, at: Instant) -> str:
    """The browser is known to the account from now on: its person has typed the password in it."""
    known: Browser = look_at_browser(connection, cookies.device_token, at)
    return remember_browser(connection, deps, account_id, known, at)
