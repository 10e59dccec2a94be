"""What a client that registered itself costs beside one of clients.yaml: one statement each time it is looked for."""

from __future__ import annotations

from flask.testing import FlaskClient

from idp.usecases.deps import Deps
from tests.oauth.conftest import CALLBACK, VERIFIER, Codes, basic
from tests.oauth.test_registration import register
from tests.statements import counted

GRANTS = ["authorization_code", "refresh_token", "client_credentials"]


def test_a_registered_client_costs_one_statement_more(deps: Deps, web: FlaskClient, give_code: Codes) -> None:
    body = register(deps, web, grant_types=GRANTS).json
    name, headers = body["client_id"], basic(body["client_id"], body["client_secret"])
    exchange = {
        "grant_type": "authorization_code", "code": give_code(name), "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }  # fmt: skip
    for form, statements in (({"grant_type": "client_credentials"}, 1), (exchange, 5)):
        with counted(deps.database) as sent:
            answer = web.post("/token", data=form, headers=headers)
            assert answer.status_code == 200
        assert statements == len(sent), sent
    given = answer.json
    with counted(deps.database) as sent:
        assert web.get("/userinfo", headers={"Authorization": f"Bearer {given['access_token']}"}).status_code == 200
    assert 2 == len(sent)
    with counted(deps.database) as sent:
        refresh = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
        assert web.post("/token", data=refresh, headers=headers).status_code == 200
    assert 4 == len(sent)
