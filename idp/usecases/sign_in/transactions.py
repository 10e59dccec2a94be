"""Beginning, finding and cancelling authorization transactions, and keeping what was posted to /authorize."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import replace

from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.digests import frame_secret_hash, token_hash
from idp.domain.platform.instants import Instant, after
from idp.domain.platform.limits import TooMany
from idp.domain.sign_in.journey import Act, Done
from idp.domain.sign_in.sessions import LiveSession
from idp.domain.sign_in.transactions import (
    OpenTransaction,
    RefusalReason,
    TransactionRefusal,
)
from idp.store.sign_in.transactions import (
    TransactionRow,
    find_transaction_row,
    insert_posted_request,
    insert_transaction,
    prolong_transaction,
    record_done,
    take_posted_request,
)
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit
from idp.usecases.platform.prefix_limits import count_frame, count_stored_request

LONGEST_ID = 43


def begin_transaction(
    deps: Deps,
    actor: Actor,
    client_id: str,
    request: Mapping[str, str],
    browser_token: str,
    *,
    framed: bool = False,
) -> OpenTransaction | TooMany:
    """A new transaction of this browser; its id is unguessable, and worthless in any other browser. `framed`: it is
    of the page that holds this token. Nothing has come of it yet: who loses it starts again."""
    count = count_frame if framed else count_stored_request
    holder = frame_secret_hash if framed else token_hash
    now = deps.clock.now()
    row = TransactionRow(
        id=deps.random.token(),
        browser_hash=holder(browser_token),
        client_id=client_id,
        request=request,
        done={},
        tries=0,
        created_at=now,
        closed_at=None,
        expires_at=after(now, deps.lifetimes.transaction),
    )
    with deps.transaction(durable=False) as connection:
        limit = count(connection, deps, actor)
        if limit is None:
            insert_transaction(connection, row)
    return limit or _opened(row)


def find_transaction(
    deps: Deps, actor: Actor, transaction_id: str, browser_token: str, *, framed: bool = False
) -> OpenTransaction | TransactionRefusal:
    """The transaction of that id if this browser began it and it is neither closed nor expired; `framed`: if it is held
    by the page with this secret."""
    if not 0 < len(transaction_id) <= LONGEST_ID:
        return TransactionRefusal(RefusalReason.UNKNOWN)
    with deps.read() as connection:
        row = find_transaction_row(connection, transaction_id)
    if row is None:
        return TransactionRefusal(RefusalReason.UNKNOWN)
    holder = frame_secret_hash if framed else token_hash
    refusal = _refusal(row, holder(browser_token) if browser_token else b"", deps.clock.now())
    if refusal is None:
        return _opened(_prolonged(deps, row))
    if refusal.reason is RefusalReason.FOREIGN_BROWSER:
        with deps.transaction() as connection:
            if count_stored_request(connection, deps, actor) is None:  # one network cannot fill the trail with its own
                record = AuditRecord(AuditEvent.TRANSACTION_FOREIGN_BROWSER, client_id=row.client_id)
                write_audit(connection, deps, actor, record)
    return refusal


def handed_over_transaction(deps: Deps, transaction_id: str) -> OpenTransaction | None:
    """The transaction that a spent ticket is of: whoever spent it has proved to hold it."""
    with deps.read() as connection:
        row = find_transaction_row(connection, transaction_id)
    return _opened(row) if row is not None and row.closed_at is None else None


def _prolonged(deps: Deps, row: TransactionRow) -> TransactionRow:
    """The transaction of this very browser, which is at it now, and so has its whole idle life again."""
    now, lives = deps.clock.now(), deps.lifetimes
    ends = min(after(now, lives.transaction), after(row.created_at, lives.transaction_absolute))
    if ends < after(row.expires_at, lives.transaction_step):
        return row
    with deps.transaction() as connection:
        prolonged = prolong_transaction(connection, row.id, was=row.expires_at, ends=ends)
    return replace(row, expires_at=ends) if prolonged else row


def cancel_transaction(deps: Deps, actor: Actor, transaction_id: str, browser_token: str) -> TransactionRefusal | None:
    """Note that the person gave up: /authorize/resume then answers access_denied and closes it. None when noted."""
    with deps.transaction() as connection:
        row = find_transaction_row(connection, transaction_id)
        if row is None:
            return TransactionRefusal(RefusalReason.UNKNOWN)
        now = deps.clock.now()
        refusal = _refusal(row, token_hash(browser_token) if browser_token else b"", now)
        already = Done.from_json(row.done).has(Act.CANCEL)
        if refusal is None and not already and record_done(connection, row.id, Act.CANCEL, now, "") is not None:
            write_audit(connection, deps, actor, AuditRecord(AuditEvent.SIGN_IN_CANCELLED, client_id=row.client_id))
        return refusal


def select_account(deps: Deps, transaction: OpenTransaction, session: LiveSession) -> None:
    """Note that the person goes on as who this session is. Nothing happens in a transaction that has ended."""
    with deps.transaction() as connection:
        record_done(connection, transaction.id, Act.SELECT_ACCOUNT, deps.clock.now(), session.id)


def keep_posted_request(deps: Deps, actor: Actor, parameters: Mapping[str, str]) -> str | TooMany:
    """A handle, good once and for 60 s, under which a browser finds again what was posted for it."""
    handle = deps.random.token()
    with deps.transaction() as connection:
        limit = count_stored_request(connection, deps, actor)
        if limit is None:
            ends = after(deps.clock.now(), deps.lifetimes.posted_request)
            insert_posted_request(connection, handle, parameters, ends)
    return limit or handle


def redeem_posted_request(deps: Deps, handle: str) -> Mapping[str, str] | None:
    """What was posted under this handle, once."""
    if not 0 < len(handle) <= LONGEST_ID:
        return None
    with deps.transaction() as connection:
        return take_posted_request(connection, handle, deps.clock.now())


def _refusal(row: TransactionRow, holder: bytes, now: Instant) -> TransactionRefusal | None:
    """The browser comes first: a foreign one learns nothing of how far the transaction is."""
    if not hmac.compare_digest(holder, row.browser_hash):
        return TransactionRefusal(RefusalReason.FOREIGN_BROWSER, row.client_id)
    if row.closed_at is not None:
        return TransactionRefusal(RefusalReason.CLOSED, row.client_id)
    if row.expires_at <= now:
        return TransactionRefusal(RefusalReason.EXPIRED, row.client_id)
    return None


def _opened(row: TransactionRow) -> OpenTransaction:
    done = Done.from_json(row.done)
    return OpenTransaction(row.id, row.client_id, row.request, done, row.created_at, row.expires_at)
