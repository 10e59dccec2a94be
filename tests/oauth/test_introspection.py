"""A token is described only to whom it was issued or whose resource it is addressed to (RFC 7662)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from idp.adapters.clock import QuietClock
from idp.domain.platform.instants import MINUTE, to_seconds
from idp.domain.platform.metrics import Metric
from idp.domain.portals.registry_content import make_registry
from idp.store.people.accounts import accounts
from idp.store.portals.authorizations import client_cutoffs
from idp.store.sign_in.sessions import end_session
from idp.usecases.deps import Deps
from tests.oauth.conftest import ISSUER, PAY_API, SECRET, STOCK_API, Codes, Posts, basic

Tokens = Callable[..., dict[str, Any]]
INACTIVE = {"active": False}


def about(web: FlaskClient, token: str, client_id: str = "portal", **form: str) -> Any:
    answer = web.post("/introspect", data={"token": token, **form}, headers=basic(client_id))
    assert (200, "no-store") == (answer.status_code, answer.headers["Cache-Control"])
    return answer.json


def test_its_client_learns_what_an_access_token_says(deps: Deps, web: FlaskClient, tokens: Tokens) -> None:
    told = about(web, tokens()["access_token"])
    now = to_seconds(deps.clock.now())
    assert {
        "active": True, "token_type": "Bearer", "iss": ISSUER, "sub": "s1", "aud": ISSUER, "client_id": "portal",
        "scope": "openid email profile", "iat": now, "exp": now + 300, "auth_time": now, "acr": "eidas1",
        "sid": "sid-of-portal",
    } == {name: value for name, value in told.items() if name != "jti"}  # fmt: skip


def test_its_client_learns_that_a_refresh_token_is_good(deps: Deps, web: FlaskClient, tokens: Tokens) -> None:
    told = about(web, tokens()["refresh_token"], token_type_hint="refresh_token")
    assert {
        "active": True, "iss": ISSUER, "sub": "s1", "client_id": "portal", "scope": "openid email profile",
        "exp": to_seconds(deps.clock.now()) + 12 * 3600,
    } == told  # fmt: skip


def test_a_hint_may_be_wrong(web: FlaskClient, tokens: Tokens) -> None:
    given = tokens()
    for hint in ("refresh_token", "access_token", "nonsense"):
        assert about(web, given["access_token"], token_type_hint=hint)["active"]


def test_the_owner_of_a_resource_learns_of_tokens_addressed_to_it(
    web: FlaskClient, give_code: Codes, redeem: Posts
) -> None:
    token = redeem(give_code(scope="openid paie.read"), resource=PAY_API).json["access_token"]
    told = about(web, token, "other")
    assert (True, "portal", PAY_API) == (told["active"], told["client_id"], told["aud"])


def test_nobody_else_learns_anything(web: FlaskClient, tokens: Tokens, give_code: Codes, redeem: Posts) -> None:
    given = tokens()
    for_stock = redeem(give_code(), resource=STOCK_API).json["access_token"]
    for token in (given["access_token"], given["refresh_token"]):
        assert INACTIVE == about(web, token, "other")
        assert about(web, token)["active"], "the control: its own client"
    assert INACTIVE == about(web, for_stock, "modest")
    assert about(web, for_stock, "other")["active"], "the control: the owner"


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "e30.e30.e30", "x" * 9000, "A" * 22 + ".1." + "A" * 43])
def test_what_is_no_token_is_inactive(web: FlaskClient, token: str) -> None:
    assert INACTIVE == about(web, token)


def test_an_id_token_is_inactive(web: FlaskClient, tokens: Tokens) -> None:
    assert INACTIVE == about(web, tokens()["id_token"])


def test_a_changed_token_is_inactive(web: FlaskClient, tokens: Tokens) -> None:
    token = tokens()["access_token"]
    head, payload, signature = token.split(".")
    for changed in (f"{head}.{payload}.{signature[::-1]}", f"{head}.{payload}.", f"{head}.{payload}", token + "A"):
        assert INACTIVE == about(web, changed)


def test_a_replaced_refresh_token_is_inactive(web: FlaskClient, tokens: Tokens) -> None:
    first = tokens()["refresh_token"]
    web.post("/token", data={"grant_type": "refresh_token", "refresh_token": first}, headers=basic())
    assert INACTIVE == about(web, first)


def test_tokens_become_inactive_with_time(web: FlaskClient, clock: QuietClock, tokens: Tokens) -> None:
    given = tokens()
    clock.advance(5 * MINUTE)
    assert INACTIVE == about(web, given["access_token"])
    assert about(web, given["refresh_token"])["active"]
    clock.advance(25 * MINUTE)
    assert INACTIVE == about(web, given["refresh_token"])


def test_ending_the_session_ends_them_at_once(
    deps: Deps, web: FlaskClient, account_id: int, session_id: str, tokens: Tokens
) -> None:
    given, offline = tokens(), tokens(offline=True, scope="openid offline_access")
    with deps.transaction() as connection:
        end_session(connection, session_id, account_id, deps.clock.now())
    assert [INACTIVE] * 2 == [about(web, given[name]) for name in ("access_token", "refresh_token")]
    assert about(web, offline["refresh_token"])["active"], "offline_access survives the session"


@pytest.mark.parametrize("change", [{"state": "suspended"}, {"valid_from": 9_000_000_000_000}])
def test_suspension_or_a_new_password_ends_them_at_once(
    deps: Deps, web: FlaskClient, tokens: Tokens, change: dict[str, Any]
) -> None:
    given = tokens(offline=True, scope="openid offline_access")
    with deps.transaction() as connection:
        connection.execute(update(accounts).values(change))
    assert [INACTIVE] * 2 == [about(web, given[name]) for name in ("access_token", "refresh_token")]


def test_ending_a_clients_tokens_ends_also_those_in_its_own_name(
    deps: Deps, web: FlaskClient, clock: QuietClock, tokens: Tokens
) -> None:
    own = {"grant_type": "client_credentials"}
    given = [tokens()["access_token"], web.post("/token", data=own, headers=basic()).json["access_token"]]
    assert all(about(web, token)["active"] for token in given), "the control"
    with deps.transaction() as connection:
        connection.execute(client_cutoffs.insert().values(client_id="portal", valid_from=deps.clock.now() + 1))
    assert [INACTIVE] * 2 == [about(web, token) for token in given]
    clock.advance(1000)
    assert about(web, web.post("/token", data=own, headers=basic()).json["access_token"])["active"]


def test_tokens_of_a_removed_client_are_inactive_for_the_resource_too(
    deps: Deps, web: FlaskClient, give_code: Codes, redeem: Posts
) -> None:
    token = redeem(give_code(scope="openid paie.read"), resource=PAY_API).json["access_token"]
    held = deps.registry()
    others = [client for name, client in held.clients.items() if name not in ("portal", "mire")]
    object.__setattr__(held, "clients", make_registry(ISSUER, others, []).clients)
    assert INACTIVE == about(web, token, "other")


def test_a_client_proves_itself_first(web: FlaskClient, tokens: Tokens) -> None:
    token = tokens("spa")["access_token"]
    for form in ({"client_id": "spa"}, {}, {"client_id": "portal", "client_secret": SECRET}):
        answer = web.post("/introspect", data={"token": token, **form})
        assert (401, "invalid_client") == (answer.status_code, answer.json["error"])
    assert 401 == web.post("/introspect", data={"token": token}, headers=basic(password="wrong")).status_code


def test_the_token_is_named(web: FlaskClient) -> None:
    answer = web.post("/introspect", data={}, headers={**basic(), "Content-Type": "application/x-www-form-urlencoded"})
    assert (400, "invalid_request") == (answer.status_code, answer.json["error"])


def test_introspections_are_counted(deps: Deps, web: FlaskClient, tokens: Tokens) -> None:
    about(web, tokens()["access_token"])
    about(web, "nonsense")
    counts = deps.metrics.counts  # type: ignore[attr-defined]
    assert (1, 1) == (counts[Metric.INTROSPECTIONS, ("true",)], counts[Metric.INTROSPECTIONS, ("false",)])
