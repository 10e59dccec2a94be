"""What a browser brings to an authorization request: its live session, and what its person agreed to for a client."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Select, and_, bindparam, select

from idp.domain.platform.instants import Instant
from idp.domain.platform.lifetimes import Lifetimes
from idp.domain.sign_in.sessions import LiveSession
from idp.store.database import Connected
from idp.store.people.accounts import accounts
from idp.store.portals.authorizations import consents
from idp.store.sign_in.sessions import live_session_conditions, sessions, to_live_session


@dataclass(frozen=True, slots=True)
class Standing:
    """A live session before one client."""

    session: LiveSession
    consented_scopes: frozenset[str]


def find_standing(
    connection: Connected, token_hash: bytes, client_id: str, now: Instant, lifetimes: Lifetimes
) -> Standing | None:
    """The session of that cookie, if it holds now, with the consent for this client: one join."""
    values = {"token_hash": token_hash, "client_id": client_id, "now": now}
    row = connection.execute(_standing(lifetimes), values).first()
    return Standing(to_live_session(row), frozenset((row.consented or "").split())) if row else None


@cache
def _standing(lifetimes: Lifetimes) -> Select[Any]:
    """Built once: single sign-on would spend more on making the statement than on running it."""
    now: Any = bindparam("now", type_=BigInteger)
    named = (accounts.c.subject, accounts.c.given_name, accounts.c.family_name, accounts.c.siret)
    mine = and_(consents.c.account_id == sessions.c.account_id, consents.c.client_id == bindparam("client_id"))
    return (
        select(sessions, *named, consents.c.scope.label("consented"))
        .join(accounts, accounts.c.id == sessions.c.account_id)
        .outerjoin(consents, mine)
        .where(sessions.c.token_hash == bindparam("token_hash"), *live_session_conditions(now, lifetimes))
    )
