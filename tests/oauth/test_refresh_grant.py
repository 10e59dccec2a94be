"""A refresh token is replaced at each use; an old one is forgiven for ten seconds and then ends its family."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from idp.adapters.clock import QuietClock
from idp.domain.platform.instants import DAY, HOUR, MINUTE, SECOND
from idp.store.people.accounts import accounts
from idp.store.platform.audit import audit_events
from idp.store.portals.authorizations import client_cutoffs, refresh_families
from idp.store.sign_in.sessions import end_session, sessions
from idp.usecases.deps import Deps
from tests.oauth.conftest import PAY_API, STOCK_API, basic
from tests.quiet import quiet_app

Tokens = Callable[..., dict[str, Any]]
Refresh = Callable[..., Any]
OFFLINE = {"offline": True, "scope": "openid offline_access"}


@pytest.fixture
def refresh(web: FlaskClient) -> Refresh:
    def post(token: str, client_id: str = "portal", **more: Any) -> Any:
        form = {"grant_type": "refresh_token", "refresh_token": token, **more}
        if client_id == "spa":
            return web.post("/token", data={**form, "client_id": "spa"})
        return web.post("/token", data=form, headers=basic(client_id))

    return post


def claims(deps: Deps, token: str) -> dict[str, Any]:
    verified = deps.signer.verify(token)
    assert verified is not None
    return verified


def generation(deps: Deps) -> int:
    with deps.read() as connection:
        return int(connection.execute(select(refresh_families.c.generation)).scalar_one())


def test_a_refresh_gives_new_tokens_of_each_kind(deps: Deps, tokens: Tokens, refresh: Refresh) -> None:
    first = tokens()
    answer = refresh(first["refresh_token"])
    assert (200, "no-store") == (answer.status_code, answer.headers["Cache-Control"])
    assert set(first) == set(answer.json)
    for name in ("access_token", "refresh_token", "id_token"):
        assert first[name] != answer.json[name]
    assert 2 == generation(deps)


def test_a_refreshed_id_token_keeps_who_and_when_but_not_the_nonce(
    deps: Deps, clock: QuietClock, tokens: Tokens, refresh: Refresh
) -> None:
    first = tokens()
    clock.advance(MINUTE)
    before, after = claims(deps, first["id_token"]), claims(deps, refresh(first["refresh_token"]).json["id_token"])
    same = ("iss", "sub", "aud", "auth_time", "acr", "amr", "sid")
    assert {name: before[name] for name in same} == {name: after[name] for name in same}
    assert before["iat"] + 60 == after["iat"]
    assert "nonce" not in after


def test_only_the_hash_of_a_refresh_token_is_stored(deps: Deps, tokens: Tokens, refresh: Refresh) -> None:
    first = tokens()["refresh_token"]
    second = refresh(first).json["refresh_token"]
    with deps.read() as connection:
        row = repr(tuple(connection.execute(select(refresh_families)).one()))
    for token in (first, second):
        assert token.rpartition(".")[2] not in row


def test_for_ten_seconds_the_previous_token_gets_the_identical_response(
    deps: Deps, clock: QuietClock, tokens: Tokens, refresh: Refresh
) -> None:
    first = tokens()["refresh_token"]
    answer = refresh(first)
    clock.advance(10 * SECOND - 1)
    assert answer.data == refresh(first).data
    assert 2 == generation(deps)


def test_after_ten_seconds_a_replaced_token_ends_its_family(
    deps: Deps, web: FlaskClient, clock: QuietClock, tokens: Tokens, refresh: Refresh
) -> None:
    first = tokens()["refresh_token"]
    second = refresh(first).json
    clock.advance(10 * SECOND)
    assert (400, "invalid_grant") == ((late := refresh(first)).status_code, late.json["error"])
    assert "invalid_grant" == refresh(second["refresh_token"]).json["error"]
    assert 401 == web.get("/userinfo", headers={"Authorization": "Bearer " + second["access_token"]}).status_code
    with deps.read() as connection:
        names = list(connection.execute(select(audit_events.c.event).order_by(audit_events.c.id)).scalars())
    assert ["code.redeemed", "token.refreshed", "token.refresh_replayed"] == names


def test_a_token_two_generations_old_ends_its_family_at_once(tokens: Tokens, refresh: Refresh) -> None:
    first = tokens()["refresh_token"]
    second = refresh(first).json["refresh_token"]
    third = refresh(second).json["refresh_token"]
    assert "invalid_grant" == refresh(first).json["error"]
    assert "invalid_grant" == refresh(third).json["error"]


def test_the_identical_response_is_only_for_the_same_client(tokens: Tokens, refresh: Refresh) -> None:
    first = tokens()["refresh_token"]
    answer = refresh(first)
    assert "invalid_grant" == refresh(first, "other").json["error"]
    assert answer.data == refresh(first).data, "the control: and the attempt ended nothing"


def test_a_refresh_token_is_only_for_its_client(tokens: Tokens, refresh: Refresh) -> None:
    first = tokens()["refresh_token"]
    assert "invalid_grant" == refresh(first, "other").json["error"]
    assert 200 == refresh(first).status_code


def test_a_guessed_secret_ends_nothing(tokens: Tokens, refresh: Refresh) -> None:
    """Else whoever knows a family's name could sign somebody out."""
    first = tokens()["refresh_token"]
    family = first.partition(".")[0]
    for guess in (f"{family}.1.{'A' * 43}", f"{family}.2.{'A' * 43}", f"{family}.0.{'A' * 43}", family, "x" * 9000):
        assert "invalid_grant" == refresh(guess).json["error"]
    assert 200 == refresh(first).status_code


def test_sixteen_simultaneous_refreshes_make_one_generation(deps: Deps, tokens: Tokens) -> None:
    first, app = tokens()["refresh_token"], quiet_app(deps)

    def refresh_once(_: int) -> tuple[int, bytes]:
        form = {"grant_type": "refresh_token", "refresh_token": first}
        answer = app.test_client().post("/token", data=form, headers=basic())
        return answer.status_code, answer.data

    with ThreadPoolExecutor(16) as pool:
        answers = set(pool.map(refresh_once, range(16)))
    assert {200} == {status for status, _ in answers}
    assert 1 == len(answers), "everyone got the identical response"
    assert 2 == generation(deps)


def test_without_offline_access_a_refresh_token_dies_with_its_session(
    deps: Deps, account_id: int, session_id: str, tokens: Tokens, refresh: Refresh
) -> None:
    first = tokens()["refresh_token"]
    with deps.transaction() as connection:
        end_session(connection, session_id, account_id, deps.clock.now())
    assert "invalid_grant" == refresh(first).json["error"]


def test_with_offline_access_it_survives_the_session_and_dies_after_ninety_days(
    deps: Deps, clock: QuietClock, account_id: int, session_id: str, tokens: Tokens, refresh: Refresh
) -> None:
    token = tokens(**OFFLINE)["refresh_token"]
    with deps.transaction() as connection:
        end_session(connection, session_id, account_id, deps.clock.now())
    for _ in range(3):
        clock.advance(30 * DAY - 1)
        answer = refresh(token)
        assert 200 == answer.status_code
        token = answer.json["refresh_token"]
    clock.advance(3)
    assert "invalid_grant" == refresh(token).json["error"], "refreshing does not lengthen it"


def test_an_idle_session_token_dies_thirty_minutes_after_the_last_use(
    clock: QuietClock, tokens: Tokens, refresh: Refresh
) -> None:
    token = tokens()["refresh_token"]
    for _ in range(3):  # each refresh is a use
        clock.advance(30 * MINUTE - 1)
        token = refresh(token).json["refresh_token"]
    clock.advance(30 * MINUTE)
    assert "invalid_grant" == refresh(token).json["error"]


def test_a_session_that_was_seen_keeps_its_refresh_token(
    deps: Deps, clock: QuietClock, tokens: Tokens, refresh: Refresh
) -> None:
    token = tokens()["refresh_token"]
    clock.advance(25 * MINUTE)
    with deps.transaction() as connection:
        connection.execute(update(sessions).values(last_seen_at=deps.clock.now()))
    clock.advance(25 * MINUTE)
    assert 200 == refresh(token).status_code


def test_a_session_token_dies_with_the_absolute_life_of_its_session(
    clock: QuietClock, tokens: Tokens, refresh: Refresh
) -> None:
    token = tokens()["refresh_token"]
    for _ in range(12 * 3 - 1):
        clock.advance(20 * MINUTE)
        token = refresh(token).json["refresh_token"]
    clock.advance(20 * MINUTE)
    assert "invalid_grant" == refresh(token).json["error"]


@pytest.mark.parametrize("offline", [{}, OFFLINE], ids=["session", "offline"])
@pytest.mark.parametrize("change", [{"state": "suspended"}, {"valid_from": 9_000_000_000_000}])
def test_a_password_change_or_a_suspension_ends_both_kinds(
    deps: Deps, tokens: Tokens, refresh: Refresh, offline: dict[str, Any], change: dict[str, Any]
) -> None:
    first = tokens(**offline)["refresh_token"]
    with deps.transaction() as connection:
        connection.execute(update(accounts).values(change))
    assert "invalid_grant" == refresh(first).json["error"]


def test_ending_a_clients_tokens_ends_its_refresh_tokens(deps: Deps, tokens: Tokens, refresh: Refresh) -> None:
    first, others = tokens()["refresh_token"], tokens("other")["refresh_token"]
    with deps.transaction() as connection:
        connection.execute(client_cutoffs.insert().values(client_id="portal", valid_from=deps.clock.now() + 1))
    assert "invalid_grant" == refresh(first).json["error"]
    assert 200 == refresh(others, "other").status_code


def test_a_refresh_may_ask_for_fewer_scopes_and_never_for_more(deps: Deps, tokens: Tokens, refresh: Refresh) -> None:
    first = tokens(scope="openid profile email")["refresh_token"]
    assert "invalid_scope" == refresh(first, scope="openid phone").json["error"]
    narrowed = refresh(first, scope="openid email").json
    assert "openid email" == narrowed["scope"]
    assert "openid email profile" == refresh(narrowed["refresh_token"]).json["scope"]


def test_a_refresh_with_a_resource_gives_an_access_token_for_it(deps: Deps, tokens: Tokens, refresh: Refresh) -> None:
    first = tokens(scope="openid paie.read")["refresh_token"]
    answer = refresh(first, resource=PAY_API).json
    about = claims(deps, answer["access_token"])
    assert (PAY_API, "paie.read") == (about["aud"], about["scope"])
    about = claims(deps, refresh(answer["refresh_token"], resource=STOCK_API).json["access_token"])
    assert STOCK_API == about["aud"]


def test_a_refresh_for_a_resource_that_is_not_for_the_client_changes_nothing(
    deps: Deps, tokens: Tokens, refresh: Refresh
) -> None:
    first = tokens("other")["refresh_token"]
    assert "invalid_target" == refresh(first, "other", resource=PAY_API).json["error"]
    assert "invalid_target" == refresh(first, "other", resource="https://unknown.example.fr").json["error"]
    assert 1 == generation(deps)
    assert 200 == refresh(first, "other").status_code


def test_a_client_that_lost_the_grant_cannot_refresh(web: FlaskClient, tokens: Tokens, refresh: Refresh) -> None:
    answer = refresh(tokens()["refresh_token"], "no-refresh")
    assert (400, "unauthorized_client") == (answer.status_code, answer.json["error"])


def test_a_public_client_refreshes_by_its_identifier(tokens: Tokens, refresh: Refresh) -> None:
    assert 200 == refresh(tokens("spa")["refresh_token"], "spa").status_code


def test_hours_of_refreshing_leave_one_row(deps: Deps, clock: QuietClock, tokens: Tokens, refresh: Refresh) -> None:
    token = tokens(**OFFLINE)["refresh_token"]
    for _ in range(5):
        clock.advance(HOUR)
        token = refresh(token).json["refresh_token"]
    assert 6 == generation(deps)
