"""A session holds until it is idle, old, ended, or its account says otherwise."""

from __future__ import annotations

from typing import cast

import pytest
from sqlalchemy import update

from idp.adapters.clock import QuietClock
from idp.domain.platform.digests import token_hash
from idp.domain.platform.instants import HOUR, MINUTE, SECOND
from idp.store.people.accounts import accounts
from idp.store.sign_in.sessions import end_session, end_sessions, insert_session, rotate_session
from idp.usecases.deps import Deps
from idp.usecases.sign_in.sessions import find_session, list_sessions
from tests.usecases.sign_in.conftest import Door


def begin(deps: Deps, account_id: int, name: str) -> str:
    """A session whose cookie is `name`."""
    now = deps.clock.now()
    row = {
        "id": name, "token_hash": token_hash(name), "account_id": account_id, "created_at": now, "auth_time": now,
        "last_seen_at": now, "acr": "eidas1", "amr": "pwd", "channel": "top", "browser_label": "", "address_prefix": "",
        "expires_at": now + deps.lifetimes.session_absolute,
    }  # fmt: skip
    with deps.transaction() as connection:
        insert_session(connection, row)
    return name


def pass_time(deps: Deps, milliseconds: int) -> None:
    cast(QuietClock, deps.clock).advance(milliseconds)


def set_account(deps: Deps, **values: object) -> None:
    with deps.transaction() as connection:
        connection.execute(update(accounts).values(**values))


def test_a_session_says_who_it_is(deps: Deps, account_id: int) -> None:
    found = find_session(deps, begin(deps, account_id, "a"))
    assert found is not None
    assert ("s1", "Claire", "Moutin", ("pwd",)) == (found.subject, found.given_name, found.family_name, found.amr)


@pytest.mark.parametrize("cookie", ["", "b", "a "])
def test_another_cookie_finds_nothing(deps: Deps, account_id: int, cookie: str) -> None:
    begin(deps, account_id, "a")
    assert find_session(deps, cookie) is None


def test_an_idle_session_is_dead(deps: Deps, account_id: int) -> None:
    begin(deps, account_id, "a")
    pass_time(deps, 30 * MINUTE - 1)
    assert find_session(deps, "a") is not None
    pass_time(deps, 30 * MINUTE)
    assert find_session(deps, "a") is None


def test_a_session_in_constant_use_still_ends(deps: Deps, account_id: int) -> None:
    begin(deps, account_id, "a")
    for _ in range(12 * 3 - 1):
        pass_time(deps, 20 * MINUTE)
        assert find_session(deps, "a") is not None
    pass_time(deps, 20 * MINUTE)
    assert find_session(deps, "a") is None


def test_last_seen_moves_at_most_once_a_minute(deps: Deps, account_id: int) -> None:
    started = deps.clock.now()
    begin(deps, account_id, "a")
    pass_time(deps, 59 * SECOND)
    find_session(deps, "a")
    seen = find_session(deps, "a")
    assert seen is not None
    assert seen.last_seen_at == started
    pass_time(deps, SECOND)
    find_session(deps, "a")
    seen = find_session(deps, "a")
    assert seen is not None
    assert seen.last_seen_at == deps.clock.now()


@pytest.mark.parametrize("state", ["suspended", "radiated", "pending_email"])
def test_an_account_that_may_not_sign_in_has_no_session(deps: Deps, account_id: int, state: str) -> None:
    begin(deps, account_id, "a")
    set_account(deps, state=state)
    assert find_session(deps, "a") is None


def test_valid_from_ends_what_is_older_and_nothing_newer(deps: Deps, account_id: int) -> None:
    begin(deps, account_id, "old")
    pass_time(deps, SECOND)
    set_account(deps, valid_from=deps.clock.now())
    begin(deps, account_id, "new")
    assert find_session(deps, "old") is None
    assert find_session(deps, "new") is not None


def test_ending_one_leaves_the_others(deps: Deps, account_id: int) -> None:
    begin(deps, account_id, "a")
    begin(deps, account_id, "b")
    with deps.transaction() as connection:
        assert end_session(connection, "a", account_id, deps.clock.now())
        assert not end_session(connection, "a", account_id, deps.clock.now())
    assert find_session(deps, "a") is None
    assert find_session(deps, "b") is not None


def test_nobody_ends_the_session_of_another(deps: Deps, account_id: int) -> None:
    begin(deps, account_id, "a")
    with deps.transaction() as connection:
        assert not end_session(connection, "a", account_id + 1, deps.clock.now())
    assert find_session(deps, "a") is not None


def test_ending_all_but_one(deps: Deps, account_id: int) -> None:
    for name in ("a", "b", "c"):
        begin(deps, account_id, name)
    with deps.transaction() as connection:
        assert {"a", "c"} == set(end_sessions(connection, account_id, deps.clock.now(), except_id="b"))
    kept = find_session(deps, "b")
    assert kept is not None
    assert ["b"] == [session.id for session in list_sessions(deps, kept)]


def test_a_cookie_is_rotated_once(deps: Deps, account_id: int) -> None:
    begin(deps, account_id, "a")
    with deps.transaction() as connection:
        assert rotate_session(connection, "a", token_hash("a"), {"token_hash": token_hash("a2")})
        assert not rotate_session(connection, "a", token_hash("a"), {"token_hash": token_hash("a3")})
    assert find_session(deps, "a") is None
    assert find_session(deps, "a2") is not None


def test_the_absolute_life_is_twelve_hours(deps: Deps) -> None:
    assert 12 * HOUR == deps.lifetimes.session_absolute


@pytest.mark.parametrize("state", ["active", "candidate"])
def test_a_sign_in_tells_the_session_that_the_database_would(door: Door, state: str) -> None:
    """It is answered by what it tells: new, gone on with, in place of another person's, after the other one's end."""
    door.change("Moutin", state=state)
    door.add_person("Roux")
    other = {"family_name": "ROUX", "given_name": "CLAIRE"}
    browser: dict[str, str] = {"browser_label": "Firefox sur Linux", "session_token": ""}
    ids = []
    for who in ({}, {}, other, other, {}):
        door.wait(MINUTE)
        signed_in = door.sign_in(**who, **browser, address="2001:db8::7")
        browser["session_token"] = signed_in.session_token
        assert find_session(door.deps, signed_in.session_token) == signed_in.session
        ids.append(signed_in.session.id)
    assert ids[0] == ids[1] != ids[2] == ids[3] != ids[4] != ids[0]
