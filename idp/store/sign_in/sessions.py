"""Browser sessions of the gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, LargeBinary, Row, Select, Table, insert, or_, select, update

from idp.domain.platform.instants import Instant
from idp.domain.platform.lifetimes import Lifetimes
from idp.domain.sign_in.sessions import LiveSession
from idp.store.database import Connected
from idp.store.metadata import instant, metadata, reference, text
from idp.store.people.accounts import accounts
from idp.store.prepared import Prepared

SIGN_IN_STATES = ("active", "candidate")

sessions = Table(
    "sessions",
    metadata,
    text("id", 32, primary_key=True),  # public handle; grants nothing
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),  # SHA-256 of the cookie
    reference("account_id", "accounts.id", index=True),
    instant("created_at"),
    instant("auth_time"),
    instant("last_seen_at"),
    text("acr", 32),
    text("amr"),  # space-separated
    text("channel", 8, default="top"),  # where the password was typed (domain/sign_in/assurance.py: Channel)
    text("browser_label", default=""),
    text("address_prefix", 64, default=""),
    instant("ended_at", nullable=True),
    instant("expires_at", index=True),  # absolute end
)


def live_session_conditions(now: Instant, lifetimes: Lifetimes) -> tuple[ColumnElement[bool], ...]:
    """What makes a session hold at `now`; for any query that joins `sessions` with `accounts`.

    The account has the last word: its state, and `valid_from`, which a password change or a suspension moves.
    """
    return (
        sessions.c.ended_at.is_(None),
        sessions.c.expires_at > now,
        sessions.c.last_seen_at > now - lifetimes.session_idle,
        sessions.c.created_at >= accounts.c.valid_from,
        or_(*(accounts.c.state == state for state in SIGN_IN_STATES)),  # IN could not be compiled once
    )


def _live_sessions(now: Instant, lifetimes: Lifetimes) -> Select[Any]:
    named = (accounts.c.subject, accounts.c.given_name, accounts.c.family_name, accounts.c.siret)
    joined = select(sessions, *named).join(accounts, accounts.c.id == sessions.c.account_id)
    return joined.where(*live_session_conditions(now, lifetimes))


def find_live_session(
    connection: Connected, token_hash: bytes, now: Instant, lifetimes: Lifetimes
) -> LiveSession | None:
    """The session of that cookie if it holds now: one statement."""
    row = connection.execute(_live_sessions(now, lifetimes).where(sessions.c.token_hash == token_hash)).first()
    return to_live_session(row) if row else None


def find_session_by_id(
    connection: Connected, session_id: str, now: Instant, lifetimes: Lifetimes
) -> LiveSession | None:
    """The session of that id if it holds now: for who knows it by other proof than its cookie."""
    row = connection.execute(_live_sessions(now, lifetimes).where(sessions.c.id == session_id)).first()
    return to_live_session(row) if row else None


def list_live_sessions(
    connection: Connected, account_id: int, now: Instant, lifetimes: Lifetimes
) -> Sequence[LiveSession]:
    """Every session of this account that holds now, newest use first."""
    mine = _live_sessions(now, lifetimes).where(sessions.c.account_id == account_id)
    return [to_live_session(row) for row in connection.execute(mine.order_by(sessions.c.last_seen_at.desc()))]


def to_live_session(row: Row[Any]) -> LiveSession:
    """The value of a row that holds every column of `sessions` and the account's names."""
    return LiveSession(
        id=row.id,
        account_id=row.account_id,
        subject=row.subject,
        given_name=row.given_name,
        family_name=row.family_name,
        siret=row.siret,
        auth_time=Instant(row.auth_time),
        acr=row.acr,
        amr=tuple(row.amr.split()),
        created_at=Instant(row.created_at),
        last_seen_at=Instant(row.last_seen_at),
        expires_at=Instant(row.expires_at),
        browser_label=row.browser_label,
        address_prefix=row.address_prefix,
        channel=row.channel,
    )


INSERT_SESSION = Prepared(
    insert(sessions).inline(), [column.name for column in sessions.c if column is not sessions.c.ended_at]
)


def insert_session(connection: Connected, row: Mapping[str, Any]) -> None:
    """Add one session; the row holds every column but `ended_at`."""
    INSERT_SESSION.write(connection, row)


def move_last_seen(connection: Connected, session_id: str, now: Instant, lifetimes: Lifetimes) -> None:
    """Note that the session was used, unless that was noted less than `last_seen_step` ago."""
    due = sessions.c.last_seen_at <= now - lifetimes.last_seen_step
    connection.execute(update(sessions).where(sessions.c.id == session_id, due).values(last_seen_at=now))


def rotate_session(connection: Connected, session_id: str, old_token_hash: bytes, changed: Mapping[str, Any]) -> bool:
    """Give a session a new cookie; False when another sign-in of this browser has done so meanwhile."""
    mine = (sessions.c.id == session_id, sessions.c.token_hash == old_token_hash, sessions.c.ended_at.is_(None))
    return connection.execute(update(sessions).where(*mine).values(changed)).rowcount == 1


def end_session(connection: Connected, session_id: str, account_id: int, now: Instant) -> bool:
    """End this session of this account; False when it had ended, or is somebody else's."""
    mine = (sessions.c.id == session_id, sessions.c.account_id == account_id, sessions.c.ended_at.is_(None))
    return connection.execute(update(sessions).where(*mine).values(ended_at=now)).rowcount == 1


def end_sessions(
    connection: Connected, account_id: int, now: Instant, *, except_id: str = "", begun_before: Instant | None = None
) -> Sequence[str]:
    """End every open session of this account but `except_id`, or those begun before then only; the ids that ended."""
    mine = (
        sessions.c.account_id == account_id,
        sessions.c.ended_at.is_(None),
        sessions.c.expires_at > now,
        sessions.c.id != except_id,
        *(() if begun_before is None else (sessions.c.created_at < begun_before,)),
    )
    ended = update(sessions).where(*mine).values(ended_at=now).returning(sessions.c.id)
    return connection.execute(ended).scalars().all()
