"""Routing knows one host: the issuer's, whatever name the request was sent to."""

from __future__ import annotations

import pytest

from idp.store.database import Database
from tests.quiet import quiet_app, quiet_deps


@pytest.mark.parametrize("host", ["elsewhere.example", "connexion.example.fr:443", "[::1]:9", ""])
def test_a_page_is_found_under_any_host_and_never_names_it(database: Database, host: str) -> None:
    client = quiet_app(quiet_deps(database)).test_client()
    answer = client.get("/.well-known/openid-configuration", headers={"Host": host})
    assert 200 == answer.status_code
    assert "elsewhere" not in answer.text


@pytest.mark.parametrize(("path", "status"), [("/authorize/", 404), ("/sign-in", 404)])
def test_an_address_is_matched_as_it_is_written(database: Database, path: str, status: int) -> None:
    answer = quiet_app(quiet_deps(database)).test_client().get(path)
    assert (status, None) == (answer.status_code, answer.headers.get("Location"))


def test_an_upgrade_that_nobody_serves_is_an_ordinary_request(database: Database) -> None:
    client = quiet_app(quiet_deps(database)).test_client()
    headers = {"Connection": "Upgrade", "Upgrade": "websocket"}
    assert 404 == client.get("/sign-in", headers=headers).status_code
