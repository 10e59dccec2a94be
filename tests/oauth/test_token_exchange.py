"""Token exchange (RFC 8693): along may_exchange_for, never wider, never longer, dead with the first token."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from idp.adapters.clock import QuietClock
from idp.domain.platform.instants import MINUTE
from idp.domain.portals.clients import ClientAuthentication, Resource, SigningAlgorithm
from idp.domain.portals.registry_content import make_registry
from idp.store.database import Database
from idp.store.platform.audit import audit_events
from idp.store.sign_in.sessions import end_session
from idp.usecases.deps import Deps
from tests.oauth.conftest import ISSUER, PAY_API, STOCK_API, basic, partner
from tests.quiet import quiet_deps
from tests.statements import counted

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"
ID = "urn:ietf:params:oauth:token-type:id_token"
DEEP_API = "https://fond.example.fr/api"
Tokens = Callable[..., dict[str, Any]]
Exchange = Callable[..., Any]

PARTNERS = [
    partner("portal", may_exchange_for=("portal",)),
    partner("payroll", may_exchange_for=("portal", "machine")),
    partner("stock", may_exchange_for=("portal", "payroll", "stock")),
    partner("stranger"),
    partner("machine", default_resource=PAY_API, scopes=frozenset({"paie.read"})),
    partner("spa", token_endpoint_auth_method=ClientAuthentication.NONE, secrets=(), may_exchange_for=("portal",)),
]
RESOURCES = [
    Resource(PAY_API, "payroll", clients=frozenset({"portal", "machine", "payroll"})),
    Resource(STOCK_API, "stock", SigningAlgorithm.RS256, clients=frozenset({"portal", "payroll", "stock"})),
    Resource(DEEP_API, "deep", scopes=frozenset({"email"}), clients=frozenset({"stock", "payroll"})),
]


@pytest.fixture
def deps(database: Database) -> Deps:
    registry = make_registry(ISSUER, PARTNERS, RESOURCES)
    return quiet_deps(database, registry=lambda: registry)


@pytest.fixture
def exchange(web: FlaskClient) -> Exchange:
    """The answer of /token to `client_id`, which brings this token."""

    def post(presented: str, client_id: str = "payroll", **changes: Any) -> Any:
        form = {
            "grant_type": GRANT,
            "subject_token": presented,
            "subject_token_type": ACCESS,
            "resource": STOCK_API,
        }
        sent = {name: value for name, value in {**form, **changes}.items() if value is not None}
        return web.post("/token", data=sent, headers=basic(client_id))

    return post


@pytest.fixture
def paid(web: FlaskClient, tokens: Tokens) -> str:
    """A token of the portal for the payroll API, for a person."""
    given = tokens("portal", scope="profile email", resource=PAY_API)
    return cast(str, given["access_token"])


def read(token: str) -> dict[str, Any]:
    middle = token.split(".")[1]
    return cast(dict[str, Any], json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4))))


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["error"]


def active(web: FlaskClient, token: str, client_id: str) -> bool:
    return bool(web.post("/introspect", data={"token": token}, headers=basic(client_id)).json["active"])


def test_an_api_gets_a_token_for_the_next_api(web: FlaskClient, exchange: Exchange, paid: str) -> None:
    """RFC 8693 section 2.2.1: issued_token_type, token_type, expires_in."""
    answer = exchange(paid)
    assert (200, ACCESS, "Bearer") == (answer.status_code, answer.json["issued_token_type"], answer.json["token_type"])
    assert {"access_token", "issued_token_type", "token_type", "expires_in", "scope"} == set(answer.json)
    claims, first = read(answer.json["access_token"]), read(paid)
    assert (STOCK_API, "payroll", {"sub": "payroll"}) == (claims["aud"], claims["client_id"], claims["act"])
    assert (first["sub"], first["gid"], "email profile") == (claims["sub"], claims["gid"], claims["scope"])
    assert active(web, answer.json["access_token"], "stock")


def test_an_exchange_is_audited(deps: Deps, exchange: Exchange, paid: str) -> None:
    exchange(paid)
    with deps.read() as connection:
        facts = connection.execute(
            select(audit_events.c.facts).where(audit_events.c.event == "token.exchanged")
        ).scalar_one()
    assert {"from": "portal", "audience": STOCK_API, "depth": 1, "authorization": "grant-1"} == facts


def test_an_id_token_of_this_client_is_exchanged_too(exchange: Exchange, tokens: Tokens) -> None:
    """RFC 8693 section 3: urn:ietf:params:oauth:token-type:id_token."""
    given = tokens("portal")["id_token"]
    answer = exchange(given, "portal", subject_token_type=ID)
    assert (200, STOCK_API) == (answer.status_code, read(answer.json["access_token"])["aud"])
    assert "openid" not in answer.json["scope"], "an exchanged token never opens userinfo"
    assert (400, "invalid_request") == refusal(exchange(given, "payroll", subject_token_type=ID))


def test_a_machine_token_is_exchanged_too(web: FlaskClient, exchange: Exchange) -> None:
    given = web.post("/token", data={"grant_type": "client_credentials"}, headers=basic("machine")).json
    answer = exchange(given["access_token"])
    claims = read(answer.json["access_token"])
    assert ("machine", "payroll", "paie.read") == (claims["sub"], claims["client_id"], claims["scope"])
    assert "gid" not in claims
    assert active(web, answer.json["access_token"], "stock")


def test_scopes_only_get_fewer(exchange: Exchange, paid: str) -> None:
    """RFC 8693 section 5, RFC 6749 section 6: never wider than what was given."""
    assert "email" == exchange(paid, scope="email").json["scope"]
    assert (400, "invalid_scope") == refusal(exchange(paid, scope="email phone"))


def test_the_scopes_are_those_of_the_target(exchange: Exchange, paid: str) -> None:
    assert "email" == exchange(paid, resource=DEEP_API).json["scope"]


def test_a_token_lives_no_longer_than_the_first(clock: QuietClock, exchange: Exchange, paid: str) -> None:
    clock.advance(3 * MINUTE)
    answer = exchange(paid)
    assert read(paid)["exp"] >= read(answer.json["access_token"])["exp"]
    assert 120 >= answer.json["expires_in"]
    clock.advance(2 * MINUTE)
    assert (400, "invalid_request") == refusal(exchange(paid))


def test_only_along_may_exchange_for(exchange: Exchange, tokens: Tokens, paid: str) -> None:
    """RFC 8693 section 2.2.2: a subject token unacceptable by policy is an invalid_request."""
    assert (400, "invalid_request") == refusal(exchange(paid, "stranger"))
    own = tokens("stranger", scope="email")["access_token"]
    assert (400, "invalid_request") == refusal(exchange(own, "stranger"))
    assert 200 == exchange(paid).status_code, "the control"


def test_a_token_addressed_to_another_api_is_refused(exchange: Exchange, paid: str) -> None:
    """RFC 8693 section 5, RFC 9700 section 4.9: `stock` may exchange for the portal, but this is not for it."""
    assert (400, "invalid_request") == refusal(exchange(paid, "stock"))


def test_the_target_is_one_that_this_client_may_ask_for(exchange: Exchange, paid: str) -> None:
    """RFC 8693 section 2.2.2: invalid_target."""
    for target in ("https://inconnu.example", ISSUER, [STOCK_API, DEEP_API], None):
        assert (400, "invalid_target") == refusal(exchange(paid, resource=target))
    assert (400, "invalid_target") == refusal(exchange(paid, audience=DEEP_API))
    assert 200 == exchange(paid, resource=None, audience=DEEP_API).status_code


def test_the_chain_of_actors_is_kept_and_ends_at_four(exchange: Exchange, paid: str) -> None:
    """RFC 8693 section 4.1: the newest actor is outermost."""
    token = exchange(paid).json["access_token"]
    for _ in range(3):
        token = exchange(token, "stock").json["access_token"]
    chain = {"sub": "stock", "act": {"sub": "stock", "act": {"sub": "stock", "act": {"sub": "payroll"}}}}
    assert chain == read(token)["act"]
    assert (400, "invalid_request") == refusal(exchange(token, "stock"))


def test_may_act_names_the_only_one_who_may(deps: Deps, exchange: Exchange, paid: str) -> None:
    """RFC 8693 section 4.4."""
    for allowed, status in ({"sub": "payroll"}, 200), ({"sub": "stock"}, 400), ({"sub": "payroll", "iss": "x"}, 400):
        token = deps.signer.sign({**read(paid), "may_act": allowed}, alg=SigningAlgorithm.ES256, typ="at+jwt")
        assert status == exchange(token).status_code


def test_an_actor_token_names_who_acts(web: FlaskClient, exchange: Exchange, paid: str) -> None:
    """RFC 8693 section 2.1: actor_token, with its type, and of this client."""
    own = web.post("/token", data={"grant_type": "client_credentials"}, headers=basic("payroll")).json["access_token"]
    other = web.post("/token", data={"grant_type": "client_credentials"}, headers=basic("stock")).json["access_token"]
    answer = exchange(paid, actor_token=own, actor_token_type=ACCESS)
    assert {"sub": "payroll"} == read(answer.json["access_token"])["act"]
    assert (400, "invalid_request") == refusal(exchange(paid, actor_token=other, actor_token_type=ACCESS))
    assert (400, "invalid_request") == refusal(exchange(paid, actor_token=own))
    assert (400, "invalid_request") == refusal(exchange(paid, actor_token_type=ACCESS))


def test_other_types_are_refused(exchange: Exchange, paid: str) -> None:
    """RFC 8693 section 2.1."""
    assert (400, "invalid_request") == refusal(exchange(paid, subject_token_type="urn:x"))
    assert (400, "invalid_request") == refusal(exchange(paid, subject_token=None))
    assert (400, "invalid_request") == refusal(exchange(paid, requested_token_type=ID))
    assert (400, "invalid_request") == refusal(exchange(paid, subject_token_type=ID))


def test_ending_the_session_ends_what_was_exchanged(
    deps: Deps, web: FlaskClient, exchange: Exchange, account_id: int, session_id: str, paid: str
) -> None:
    token = exchange(paid).json["access_token"]
    assert active(web, token, "stock"), "the control"
    with deps.transaction() as connection:
        end_session(connection, session_id, account_id, deps.clock.now())
    assert not active(web, token, "stock")
    assert (400, "invalid_request") == refusal(exchange(paid))


def test_a_revoked_token_is_not_exchanged(web: FlaskClient, exchange: Exchange, paid: str) -> None:
    web.post("/revoke", data={"token": paid}, headers=basic("portal"))
    assert (400, "invalid_request") == refusal(exchange(paid))


def test_a_public_client_exchanges_nothing(web: FlaskClient, paid: str) -> None:
    """RFC 8693 section 5: who cannot prove who it is could pass on what it stole."""
    form = {"grant_type": GRANT, "subject_token": paid, "subject_token_type": ACCESS, "resource": STOCK_API}
    answer = web.post("/token", data={**form, "client_id": "spa"})
    assert (401, "invalid_client") == refusal(answer)


def test_an_exchange_costs_two_statements(deps: Deps, exchange: Exchange, paid: str) -> None:
    """Whether the subject token holds, and the trail."""
    with counted(deps.database) as sent:
        assert 200 == exchange(paid).status_code
    assert ["SELECT", "INSERT"] == [statement.split()[0] for statement in sent]
