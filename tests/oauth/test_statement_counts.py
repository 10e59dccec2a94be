"""How many statements each operation costs, for clients in clients.yaml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from idp.usecases.deps import Deps
from idp.usecases.portals import refreshing
from tests.oauth.conftest import PAY_API, Codes, Posts, basic
from tests.quiet import quiet_app
from tests.statements import counted

Tokens = Callable[..., dict[str, Any]]


def verbs(statements: list[str]) -> list[str]:
    return [statement.split()[0] for statement in statements]


def test_a_code_exchange_costs_four_statements(deps: Deps, give_code: Codes, redeem: Posts) -> None:
    code = give_code()
    with counted(deps.database) as sent:
        assert redeem(code).status_code == 200
    assert ["SELECT", "UPDATE", "INSERT", "INSERT"] == verbs(sent)


def test_a_refresh_costs_three_statements(deps: Deps, web: FlaskClient, tokens: Tokens) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": tokens()["refresh_token"]}
    with counted(deps.database) as sent:
        assert web.post("/token", data=form, headers=basic()).status_code == 200
    assert ["SELECT", "UPDATE", "INSERT"] == verbs(sent)


def test_a_refresh_that_loses_the_race_reads_the_row_once_more_and_writes_nothing(
    deps: Deps, web: FlaskClient, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": tokens()["refresh_token"]}
    rival: list[bytes] = []

    def overtaken(deps: Deps, *args: Any, **others: Any) -> bytes:
        """The rival does all of it while the loser signs."""
        if not rival:
            rival.append(b"")
            before = len(sent)
            rival[0] = quiet_app(deps).test_client().post("/token", data=form, headers=basic()).data
            assert ["SELECT", "UPDATE", "INSERT"] == verbs(sent[before:])
            del sent[before:]
        return sign(deps, *args, **others)

    sign = refreshing.sign_for_person
    monkeypatch.setattr(refreshing, "sign_for_person", overtaken)
    with counted(deps.database) as sent:
        answer = web.post("/token", data=form, headers=basic())
    assert (200, rival[0]) == (answer.status_code, answer.data)
    assert ["SELECT", "UPDATE", "SELECT"] == verbs(sent)


def test_client_credentials_cost_no_statement(deps: Deps, web: FlaskClient) -> None:
    with counted(deps.database) as sent:
        answer = web.post("/token", data={"grant_type": "client_credentials"}, headers=basic("machine"))
        assert answer.status_code == 200
    assert [] == sent


def test_an_introspection_costs_one_statement(deps: Deps, web: FlaskClient, tokens: Tokens) -> None:
    given = tokens()
    for token in (given["access_token"], given["refresh_token"]):
        with counted(deps.database) as sent:
            assert web.post("/introspect", data={"token": token}, headers=basic()).json["active"] is True
        assert ["SELECT"] == verbs(sent)


def test_introspecting_a_machine_token_costs_one_statement(deps: Deps, web: FlaskClient) -> None:
    answer = web.post("/token", data={"grant_type": "client_credentials"}, headers=basic("machine"))
    with counted(deps.database) as sent:
        about = web.post("/introspect", data={"token": answer.json["access_token"]}, headers=basic("machine"))
        assert about.json["active"] is True
    assert ["SELECT"] == verbs(sent)


def test_userinfo_costs_at_most_two_statements(deps: Deps, web: FlaskClient, tokens: Tokens) -> None:
    token = tokens()["access_token"]
    with counted(deps.database) as sent:
        assert web.get("/userinfo", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert len(sent) <= 2
    assert ["SELECT"] == verbs(sent)


def test_a_refused_token_costs_no_statement(deps: Deps, web: FlaskClient) -> None:
    with counted(deps.database) as sent:
        assert web.get("/userinfo", headers={"Authorization": "Bearer nonsense"}).status_code == 401
        assert web.post("/introspect", data={"token": "nonsense"}, headers=basic()).json == {"active": False}
    assert [] == sent


def test_asking_for_another_audience_costs_nothing_more(deps: Deps, give_code: Codes, redeem: Posts) -> None:
    code = give_code(scope="openid paie.read")
    with counted(deps.database) as sent:
        assert redeem(code, resource=PAY_API).status_code == 200
    assert 4 == len(sent)
