"""What a browser brings to an authorization request: its live session, and what its person agreed to for a client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, and_, bindparam, select

from idp.domain.platform.instants import Instant
from idp.domain.platform.lifetimes import Lifetimes
from idp.domain.sign_in.sessions import LiveSession
from idp.store.database import Connected
from idp.store.people.accounts import accounts
from idp.store.portals.authorizations import consents
from idp.store.prepared import Prepared
from idp.store.sign_in.sessions import live_session_conditions, sessions


@dataclass(frozen=True, slots=True)
class Standing:
    """A live session before one client."""

    session: LiveSession
    consented_scopes: frozenset[str]
    consented_details: tuple[Mapping[str, Any], ...]


COLUMNS = (
    sessions.c.id, sessions.c.account_id, accounts.c.subject, accounts.c.given_name, accounts.c.family_name,
    accounts.c.siret, sessions.c.auth_time, sessions.c.acr, sessions.c.amr, sessions.c.created_at,
    sessions.c.last_seen_at, sessions.c.expires_at, sessions.c.browser_label, sessions.c.address_prefix,
    sessions.c.channel, consents.c.scope, consents.c.details,
)  # fmt: skip
"""In the order of LiveSession's fields, then the consent."""
AMR = 8


def find_standing(
    connection: Connected, token_hash: bytes, client_id: str, now: Instant, lifetimes: Lifetimes
) -> Standing | None:
    """The session of that cookie, if it holds now, with the consent for this client: one join."""
    values = {"cookie": token_hash, "client": client_id, "now": now}
    return _told(_standing(lifetimes, by_cookie=True).first(connection, values))


def find_standing_of_session(
    connection: Connected, session_id: str, client_id: str, now: Instant, lifetimes: Lifetimes
) -> Standing | None:
    """The same of the session with that id."""
    values = {"session": session_id, "client": client_id, "now": now}
    return _told(_standing(lifetimes, by_cookie=False).first(connection, values))


def _told(row: Sequence[Any] | None) -> Standing | None:
    if row is None:
        return None
    fields: tuple[Any, ...] = (*row[:AMR], tuple(row[AMR].split()), *row[AMR + 1 : -2])
    return Standing(LiveSession(*fields), frozenset((row[-2] or "").split()), tuple(row[-1] or ()))


@cache
def _standing(lifetimes: Lifetimes, *, by_cookie: bool) -> Prepared:
    now: Any = bindparam("now", type_=BigInteger)
    named: Any = sessions.c.token_hash == bindparam("cookie") if by_cookie else sessions.c.id == bindparam("session")
    mine = and_(consents.c.account_id == sessions.c.account_id, consents.c.client_id == bindparam("client"))
    return Prepared(
        select(*COLUMNS)
        .join_from(sessions, accounts, accounts.c.id == sessions.c.account_id)
        .outerjoin(consents, mine)
        .where(named, *live_session_conditions(now, lifetimes))
    )
