"""A client can give back its own tokens, and only its own (RFC 7009)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from idp.adapters.clock import QuietClock
from idp.domain.platform.instants import MINUTE
from idp.store.platform.audit import audit_events
from idp.store.platform.single_use import revoked_tokens
from idp.usecases.deps import Deps
from tests.oauth.conftest import basic

Tokens = Callable[..., dict[str, Any]]


def revoke(web: FlaskClient, token: str, client_id: str = "portal") -> Any:
    if client_id == "spa":
        return web.post("/revoke", data={"token": token, "client_id": "spa"})
    return web.post("/revoke", data={"token": token}, headers=basic(client_id))


def refresh(web: FlaskClient, token: str) -> Any:
    return web.post("/token", data={"grant_type": "refresh_token", "refresh_token": token}, headers=basic())


def is_active(web: FlaskClient, token: str) -> bool:
    return bool(web.post("/introspect", data={"token": token}, headers=basic()).json["active"])


def audited(deps: Deps) -> list[tuple[str, str]]:
    with deps.read() as connection:
        rows = connection.execute(select(audit_events).where(audit_events.c.event == "token.revoked")).mappings()
        return [(row["client_id"], row["facts"]["token"]) for row in rows]


def test_a_revoked_access_token_is_dead_and_its_refresh_token_lives(
    deps: Deps, web: FlaskClient, tokens: Tokens
) -> None:
    given = tokens()
    answer = revoke(web, given["access_token"])
    assert (200, "no-store") == (answer.status_code, answer.headers["Cache-Control"])
    assert not is_active(web, given["access_token"])
    assert 200 == refresh(web, given["refresh_token"]).status_code
    assert [("portal", "access")] == audited(deps)


def test_a_revoked_jti_is_kept_until_its_token_is_dead_anyway(deps: Deps, web: FlaskClient, tokens: Tokens) -> None:
    revoke(web, tokens()["access_token"])
    with deps.read() as connection:
        row = connection.execute(select(revoked_tokens)).one()
    assert deps.clock.now() + 5 * MINUTE - 1000 <= row.expires_at <= deps.clock.now() + 5 * MINUTE


def test_a_revoked_refresh_token_takes_its_family_and_access_tokens_along(
    deps: Deps, web: FlaskClient, tokens: Tokens
) -> None:
    given, untouched = tokens(), tokens()
    assert 200 == revoke(web, given["refresh_token"]).status_code
    assert not is_active(web, given["access_token"])
    assert "invalid_grant" == refresh(web, given["refresh_token"]).json["error"]
    assert is_active(web, untouched["access_token"]), "the control: another grant of the same person and client"
    assert [("portal", "refresh")] == audited(deps)


def test_a_replaced_refresh_token_still_signs_its_family_out(web: FlaskClient, tokens: Tokens) -> None:
    first = tokens()["refresh_token"]
    second = refresh(web, first).json["refresh_token"]
    assert 200 == revoke(web, first).status_code
    assert "invalid_grant" == refresh(web, second).json["error"]


def test_the_identical_response_is_not_given_for_a_revoked_family(web: FlaskClient, tokens: Tokens) -> None:
    first = tokens()["refresh_token"]
    second = refresh(web, first).json["refresh_token"]
    revoke(web, second)
    assert "invalid_grant" == refresh(web, first).json["error"]


def test_a_guess_revokes_nothing(web: FlaskClient, tokens: Tokens) -> None:
    first = tokens()["refresh_token"]
    family = first.partition(".")[0]
    for guess in (f"{family}.1.{'A' * 43}", f"{family}.9.{'A' * 43}"):
        assert 200 == revoke(web, guess).status_code
    assert 200 == refresh(web, first).status_code


def test_nobody_revokes_anothers_tokens(deps: Deps, web: FlaskClient, tokens: Tokens) -> None:
    given = tokens()
    for token in (given["access_token"], given["refresh_token"]):
        answer = revoke(web, token, "other")
        assert (400, "invalid_grant") == (answer.status_code, answer.json["error"])
        assert is_active(web, token)
    assert [] == audited(deps)


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "A" * 22 + ".1." + "A" * 43])
def test_what_never_was_a_token_is_revoked_all_right(web: FlaskClient, token: str) -> None:
    assert 200 == revoke(web, token).status_code


def test_revoking_twice_is_all_right_and_audited_once(deps: Deps, web: FlaskClient, tokens: Tokens) -> None:
    given = tokens()
    for token in (given["access_token"], given["access_token"], given["refresh_token"], given["refresh_token"]):
        assert 200 == revoke(web, token).status_code
    assert [("portal", "access"), ("portal", "refresh")] == audited(deps)


def test_a_dead_access_token_needs_no_row(deps: Deps, web: FlaskClient, clock: QuietClock, tokens: Tokens) -> None:
    token = tokens()["access_token"]
    clock.advance(5 * MINUTE)
    assert 200 == revoke(web, token).status_code
    with deps.read() as connection:
        assert [] == list(connection.execute(select(revoked_tokens)))


def test_a_public_client_revokes_by_its_identifier(deps: Deps, web: FlaskClient, tokens: Tokens) -> None:
    assert 200 == revoke(web, tokens("spa")["refresh_token"], "spa").status_code
    assert [("spa", "refresh")] == audited(deps)


def test_a_client_proves_itself_first(web: FlaskClient, tokens: Tokens) -> None:
    token = tokens()["access_token"]
    assert 401 == web.post("/revoke", data={"token": token}, headers=basic(password="wrong")).status_code
    assert is_active(web, token)


def test_the_token_is_named(web: FlaskClient) -> None:
    answer = web.post("/revoke", data={"token_type_hint": "access_token"}, headers=basic())
    assert (400, "invalid_request") == (answer.status_code, answer.json["error"])
