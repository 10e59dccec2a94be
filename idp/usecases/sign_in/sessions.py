"""Finding and listing the sessions of a browser and a person. Ending them, with logout, belongs to portals."""

from __future__ import annotations

from collections.abc import Sequence

from idp.domain.platform.digests import token_hash
from idp.domain.sign_in.journey import Done
from idp.domain.sign_in.sessions import LiveSession
from idp.store.sign_in.sessions import find_live_session, find_session_by_id, list_live_sessions, move_last_seen
from idp.usecases.deps import Deps


def find_session(deps: Deps, session_token: str) -> LiveSession | None:
    """The session of this cookie if it holds now: one read, and at most once a minute one write."""
    if not session_token:
        return None
    now = deps.clock.now()
    with deps.read() as connection:
        found = find_live_session(connection, token_hash(session_token), now, deps.lifetimes)
    if found and found.last_seen_at <= now - deps.lifetimes.last_seen_step:
        with deps.transaction() as connection:
            move_last_seen(connection, found.id, now, deps.lifetimes)
    return found


def find_session_of(deps: Deps, done: Done, session_token: str) -> LiveSession | None:
    """The session that a transaction goes on with: the browser's, or one that was handed over without a cookie."""
    if not done.handed_over:
        return find_session(deps, session_token)
    with deps.read() as connection:
        return find_session_by_id(connection, done.handed_over, deps.clock.now(), deps.lifetimes)


def list_sessions(deps: Deps, session: LiveSession) -> Sequence[LiveSession]:
    """Every session that holds now of the account behind `session`, newest use first."""
    with deps.read() as connection:
        return list_live_sessions(connection, session.account_id, deps.clock.now(), deps.lifetimes)
