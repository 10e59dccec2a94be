"""A client's own access token (RFC 6749 section 4.4)."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from idp.domain.platform.metrics import Metric
from idp.usecases.deps import Deps
from tests.oauth.conftest import ISSUER, PAY_API, STOCK_API, basic


def ask(web: FlaskClient, client_id: str = "machine", **form: Any) -> Any:
    return web.post("/token", data={"grant_type": "client_credentials", **form}, headers=basic(client_id))


def claims(deps: Deps, answer: Any) -> dict[str, Any]:
    verified = deps.signer.verify(answer.json["access_token"], typ="at+jwt")
    assert verified is not None
    return verified


def test_a_client_gets_an_access_token_in_its_own_name(deps: Deps, web: FlaskClient) -> None:
    about = claims(deps, ask(web))
    assert ("machine", "machine", PAY_API, "paie.read") == tuple(
        about[name] for name in ("sub", "client_id", "aud", "scope")
    )
    assert 300 == about["exp"] - about["iat"]
    assert {"gid", "sid", "auth_time", "acr"}.isdisjoint(about)


def test_there_is_neither_id_token_nor_refresh_token(web: FlaskClient) -> None:
    assert {"access_token", "token_type", "expires_in", "scope"} == set(ask(web, "portal", scope="openid profile").json)


def test_openid_is_not_given_without_a_person(deps: Deps, web: FlaskClient) -> None:
    answer = ask(web, "portal", scope="openid profile")
    assert "profile" == answer.json["scope"] == claims(deps, answer)["scope"]
    assert 403 == web.get("/userinfo", headers={"Authorization": f"Bearer {answer.json['access_token']}"}).status_code


def test_unknown_scopes_are_ignored(web: FlaskClient) -> None:
    assert "paie.read" == ask(web, scope="paie.read nonsense admin").json["scope"]


@pytest.mark.parametrize(
    ("client_id", "resource", "audience"),
    [
        ("portal", PAY_API, PAY_API),
        ("portal", STOCK_API, STOCK_API),
        ("portal", None, ISSUER),
        ("machine", None, PAY_API),
    ],
)
def test_the_audience_is_the_resource_else_the_default_else_the_issuer(
    deps: Deps, web: FlaskClient, client_id: str, resource: str | None, audience: str
) -> None:
    answer = ask(web, client_id, **({"resource": resource} if resource else {}))
    assert audience == claims(deps, answer)["aud"]


def test_a_resource_that_is_not_for_the_client_is_refused(web: FlaskClient) -> None:
    assert "invalid_target" == ask(web, "other", resource=PAY_API).json["error"]


def test_the_grant_must_be_registered(web: FlaskClient) -> None:
    answer = ask(web, "no-refresh")
    assert (400, "unauthorized_client") == (answer.status_code, answer.json["error"])


def test_a_public_client_has_nothing_to_prove_and_gets_nothing(web: FlaskClient) -> None:
    answer = web.post("/token", data={"grant_type": "client_credentials", "client_id": "spa"})
    assert (401, "invalid_client") == (answer.status_code, answer.json["error"])


def test_machine_tokens_are_counted_and_not_audited(deps: Deps, web: FlaskClient) -> None:
    ask(web)
    ask(web, "no-refresh")
    assert 1 == deps.metrics.counts[Metric.TOKENS, ("client_credentials", "refused")]  # type: ignore[attr-defined]
    assert 1 == deps.metrics.counts[Metric.TOKENS, ("client_credentials", "given")]  # type: ignore[attr-defined]
