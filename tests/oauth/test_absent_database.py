"""Without a database the back channel says so, and what needs none still works."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from idp.usecases.deps import Deps
from idp.wiring import open_database
from tests.hygiene import HygienicClient
from tests.oauth.conftest import CALLBACK, VERIFIER, basic
from tests.quiet import quiet_app, quiet_deps


@pytest.fixture
def cut_off(deps: Deps, tmp_path: Path) -> FlaskClient:
    """The application of the same deployment on a node that cannot reach its database."""
    absent = open_database(f"sqlite:///{tmp_path}/no-such-folder/mire.sqlite3")
    app = quiet_app(quiet_deps(absent, registry=deps.registry, clock=deps.clock))
    app.test_client_class = HygienicClient
    return app.test_client()


def test_what_needs_the_database_is_told_to_come_back(
    cut_off: FlaskClient, tokens: Callable[..., dict[str, Any]]
) -> None:
    given = tokens()
    code = {"grant_type": "authorization_code", "code": "c", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    refreshing = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    answers = [
        cut_off.post("/token", data=code, headers=basic()),
        cut_off.post("/token", data=refreshing, headers=basic()),
        cut_off.post("/introspect", data={"token": given["access_token"]}, headers=basic()),
        cut_off.post("/revoke", data={"token": given["access_token"]}, headers=basic()),
        cut_off.get("/userinfo", headers={"Authorization": f"Bearer {given['access_token']}"}),
        cut_off.post("/token", data=code, headers=basic(password="wrong")),
    ]
    for answer in answers:
        assert (503, "temporarily_unavailable") == (answer.status_code, answer.json["error"])
        assert int(answer.headers["Retry-After"]) > 0


def test_client_credentials_need_none(cut_off: FlaskClient) -> None:
    answer = cut_off.post("/token", data={"grant_type": "client_credentials"}, headers=basic("machine"))
    assert 200 == answer.status_code
