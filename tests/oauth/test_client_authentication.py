"""A client proves itself by the one method that it is registered with (RFC 6749 section 2.3, RFC 7523)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from flask.testing import FlaskClient
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from sqlalchemy import select

from idp.adapters.clock import QuietClock
from idp.domain.platform.instants import SECOND, to_seconds
from idp.domain.platform.metrics import Metric
from idp.domain.portals.clients import ClientAuthentication, SigningAlgorithm
from idp.domain.portals.registry_content import make_registry
from idp.store.database import Database
from idp.store.platform.audit import audit_events
from idp.usecases.deps import Deps
from tests.oauth.conftest import ISSUER, OLD_SECRET, PARTNERS, SECRET, basic, partner
from tests.quiet import quiet_app, quiet_deps
from tests.statements import counted

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
RSA = RSAKey.generate_key(2048, parameters={"kid": "rsa"})
KEYS: dict[str, Any] = {
    "RS256": RSA,
    "PS256": RSA,
    "ES256": ECKey.generate_key("P-256", parameters={"kid": "ec"}),
    "EdDSA": OKPKey.generate_key("Ed25519", parameters={"kid": "okp"}),
}
JWKS = {"keys": [key.as_dict(private=False) for key in (RSA, KEYS["ES256"], KEYS["EdDSA"])]}
ASSERTING = [
    partner("asserting", token_endpoint_auth_method=ClientAuthentication.PRIVATE_KEY_JWT, secrets=(), jwks=JWKS),
    partner(
        "es-only",
        token_endpoint_auth_method=ClientAuthentication.PRIVATE_KEY_JWT,
        token_endpoint_auth_signing_alg=SigningAlgorithm.ES256,
        secrets=(),
        jwks=JWKS,
    ),
]


@pytest.fixture
def deps(database: Database) -> Deps:
    registry = make_registry(ISSUER, [*PARTNERS, *ASSERTING], [])
    return quiet_deps(database, registry=lambda: registry)


def encoded(value: Any) -> bytes:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def signed(claims: dict[str, Any], alg: str, key: Any = None, **header: Any) -> str:
    key = key or KEYS[alg]
    message = encoded({"alg": alg, "kid": key.kid, **header}) + b"." + encoded(claims)
    return (message + b"." + encoded(JWSRegistry.algorithms[alg].sign(message, key))).decode()


Claims = Callable[..., dict[str, Any]]


@pytest.fixture
def claims(deps: Deps) -> Claims:
    def make(client_id: str = "asserting", **changes: Any) -> dict[str, Any]:
        now = to_seconds(deps.clock.now())
        made = {"iss": client_id, "sub": client_id, "aud": ISSUER, "iat": now, "exp": now + 60, "jti": "j1", **changes}
        return {name: value for name, value in made.items() if value is not None}

    return make


def ask(web: FlaskClient, headers: dict[str, str] | None = None, **form: Any) -> Any:
    return web.post("/token", data={"grant_type": "client_credentials", **form}, headers=headers)


def assert_(web: FlaskClient, assertion: str, **form: Any) -> Any:
    return ask(web, client_assertion_type=JWT_BEARER, client_assertion=assertion, **form)


def reasons(deps: Deps) -> list[tuple[str, str]]:
    with deps.read() as connection:
        rows = connection.execute(select(audit_events).order_by(audit_events.c.id)).mappings()
        return [(row["client_id"], row["facts"]["reason"]) for row in rows]


def test_basic_and_post_each_let_their_client_in(web: FlaskClient) -> None:
    assert 200 == ask(web, basic("portal")).status_code
    assert 200 == ask(web, client_id="poster", client_secret=SECRET).status_code


def test_two_secrets_are_good_while_one_is_being_replaced(web: FlaskClient) -> None:
    assert 200 == ask(web, basic("portal", OLD_SECRET)).status_code


@pytest.mark.parametrize(
    ("headers", "form", "client_id", "reason"),
    [
        (basic("poster"), {}, "poster", "other_method"),
        ({}, {"client_id": "portal", "client_secret": SECRET}, "portal", "other_method"),
        ({}, {"client_id": "portal"}, "portal", "other_method"),
        ({}, {"client_id": "asserting"}, "asserting", "other_method"),
        ({}, {"client_id": "spa", "client_secret": SECRET}, "spa", "other_method"),
        (basic("spa", ""), {}, "spa", "other_method"),
        (basic("portal", "wrong"), {}, "portal", "wrong_secret"),
        (basic("portal", ""), {}, "portal", "wrong_secret"),
        (basic("portal", hashlib.sha256(SECRET.encode()).hexdigest()), {}, "portal", "wrong_secret"),
        (basic("nobody"), {}, "nobody", "unknown_client"),
        ({}, {}, "", "nothing_sent"),
        ({"Authorization": "Basic ###"}, {}, "", "unreadable"),
        ({"Authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()}, {}, "", "unreadable"),
        ({"Authorization": "Basic " + base64.b64encode(b"portal").decode()}, {}, "", "unreadable"),
        (basic("portal"), {"client_id": "other"}, "other", "unknown_client"),
    ],
)
def test_every_other_way_is_refused_alike_and_audited(
    deps: Deps, web: FlaskClient, headers: dict[str, str], form: dict[str, str], client_id: str, reason: str
) -> None:
    answer = ask(web, headers, **form)
    assert (401, {"error": "invalid_client", "error_description": "Client authentication failed."}) == (
        answer.status_code, answer.json,
    )  # fmt: skip
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert "no-store" == answer.headers["Cache-Control"]
    assert [(client_id, reason)] == reasons(deps)
    assert 1 == deps.metrics.counts[Metric.CLIENT_AUTHENTICATION_FAILURES, ()]  # type: ignore[attr-defined]


def test_one_credential_a_request(web: FlaskClient) -> None:
    answer = ask(web, basic("portal"), client_id="portal", client_secret=SECRET)
    assert (400, "invalid_request") == (answer.status_code, answer.json["error"])


def test_basic_may_be_form_encoded_or_not(deps: Deps, database: Database) -> None:
    odd = "a+b/c%20d=e" * 5
    digest = type(PARTNERS[0].secrets[0])(hashlib.sha256(odd.encode()).digest(), "sha256")
    registry = make_registry(ISSUER, [partner("odd", secrets=(digest,))], [])
    web = quiet_app(quiet_deps(database, registry=lambda: registry)).test_client()
    encoded_odd = odd.replace("%", "%25").replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    assert [200, 200] == [ask(web, basic("odd", text)).status_code for text in (odd, encoded_odd)]


@pytest.mark.parametrize("alg", list(KEYS))
@pytest.mark.parametrize("audience", [ISSUER, f"{ISSUER}/token", [f"{ISSUER}/token"]])
def test_an_assertion_lets_its_signer_in(web: FlaskClient, claims: Claims, alg: str, audience: Any) -> None:
    assert 200 == assert_(web, signed(claims(aud=audience), alg)).status_code


def test_an_assertion_costs_one_statement(deps: Deps, web: FlaskClient, claims: Claims) -> None:
    with counted(deps.database) as sent:
        assert 200 == assert_(web, signed(claims(), "ES256")).status_code
    assert ["INSERT"] == [statement.split()[0] for statement in sent]


def test_a_jti_is_good_once(deps: Deps, web: FlaskClient, claims: Claims) -> None:
    assertion = signed(claims(), "ES256")
    assert 200 == assert_(web, assertion).status_code
    assert 401 == assert_(web, assertion).status_code
    assert [("asserting", "replayed")] == reasons(deps)
    assert 200 == assert_(web, signed(claims(jti="j2"), "ES256")).status_code, "the control: another jti"
    assert 200 == assert_(web, signed(claims("es-only"), "ES256")).status_code, "and another client's same jti"


def test_sixteen_simultaneous_uses_of_an_assertion_succeed_once(deps: Deps, claims: Claims) -> None:
    assertion, app = signed(claims(), "ES256"), quiet_app(deps)
    with ThreadPoolExecutor(16) as pool:
        statuses = sorted(pool.map(lambda _: assert_(app.test_client(), assertion).status_code, range(16)))
    assert [200] + [401] * 15 == statuses


WRONG: list[dict[str, Any]] = [
    {"iss": "other"}, {"sub": "portal"}, {"sub": None}, {"iss": None}, {"aud": "https://evil.example"}, {"aud": None},
    {"aud": ["https://x.example", ISSUER]},
    {"aud": f"{ISSUER}/introspect/"}, {"aud": {}}, {"jti": None}, {"jti": 7}, {"jti": ""}, {"jti": "j" * 2000},
    {"exp": None}, {"exp": "soon"}, {"exp": True}, {"exp": 1e400}, {"sub": ["asserting"]}, {"nbf": "now"},
]  # fmt: skip


@pytest.mark.parametrize("changes", WRONG, ids=str)
def test_an_assertion_says_who_for_whom_until_when_and_which(
    web: FlaskClient, claims: Claims, changes: dict[str, Any]
) -> None:
    assert 401 == assert_(web, signed(claims(**changes), "ES256")).status_code
    assert 200 == assert_(web, signed(claims(), "ES256")).status_code


@pytest.mark.parametrize(
    ("name", "seconds", "status"),
    [
        ("exp", -300, 401),
        ("exp", -30, 401),
        ("exp", -29, 200),
        ("exp", 3600, 200),
        ("exp", 3660, 401),
        ("nbf", 8, 200),
        ("nbf", 70, 401),
        ("iat", 8, 200),
        ("iat", 70, 401),
        ("iat", -3000, 200),
    ],
)
def test_an_assertion_has_its_time(
    deps: Deps, web: FlaskClient, claims: Claims, name: str, seconds: int, status: int
) -> None:
    changes = {name: to_seconds(deps.clock.now()) + seconds}
    assert status == assert_(web, signed(claims(**changes), "ES256")).status_code


def test_a_spent_jti_is_remembered_until_its_assertion_is_dead_anyway(
    deps: Deps, web: FlaskClient, claims: Claims
) -> None:
    assertion = signed(claims(), "ES256")
    assert_(web, assertion)
    cast(QuietClock, deps.clock).advance(89 * SECOND)
    assert 401 == assert_(web, assertion).status_code
    assert "replayed" == reasons(deps)[-1][1]
    cast(QuietClock, deps.clock).advance(SECOND)
    assert 401 == assert_(web, assertion).status_code
    assert "wrong_assertion" == reasons(deps)[-1][1]


def test_a_client_registered_for_one_algorithm_uses_no_other(web: FlaskClient, claims: Claims) -> None:
    assert 401 == assert_(web, signed(claims("es-only"), "RS256")).status_code
    assert 200 == assert_(web, signed(claims("es-only"), "ES256")).status_code


def test_a_key_of_somebody_else_lets_nobody_in(web: FlaskClient, claims: Claims) -> None:
    stranger = ECKey.generate_key("P-256", parameters={"kid": "ec"})
    assert 401 == assert_(web, signed(claims(), "ES256", stranger)).status_code


def test_an_unknown_kid_lets_nobody_in(web: FlaskClient, claims: Claims) -> None:
    assert 401 == assert_(web, signed(claims(), "ES256", kid="else")).status_code


def test_a_key_sent_along_is_not_looked_at(web: FlaskClient, claims: Claims) -> None:
    own = ECKey.generate_key("P-256")
    forged = signed(claims(), "ES256", own, jwk=own.as_dict(private=False), kid="ec")
    assert 401 == assert_(web, forged).status_code


def forge_hmac(claims: dict[str, Any]) -> str:
    """HS256 under the text of the public key: what a verifier that trusts the header would check."""
    message = encoded({"alg": "HS256", "kid": "rsa"}) + b"." + encoded(claims)
    return (message + b"." + encoded(hmac.digest(RSA.as_pem(private=False), message, "sha256"))).decode()


def trusting_verifier(assertion: str) -> bool:
    """The control: takes the algorithm from the header, as careless verifiers did."""
    message, _, signature = assertion.rpartition(".")
    if json.loads(base64.urlsafe_b64decode(message.split(".")[0] + "=="))["alg"] == "none":
        return True
    made = hmac.digest(RSA.as_pem(private=False), message.encode(), "sha256")
    return hmac.compare_digest(encoded(made), signature.encode())


def test_a_public_key_is_no_hmac_secret(web: FlaskClient, claims: Claims) -> None:
    forged = forge_hmac(claims())
    assert trusting_verifier(forged), "the control: the attack works on a verifier that trusts the header"
    assert 401 == assert_(web, forged).status_code


def test_an_unsigned_assertion_lets_nobody_in(web: FlaskClient, claims: Claims) -> None:
    for alg in ("none", "None", "NONE", "HS256", "RS384", ""):
        forged = (encoded({"alg": alg}) + b"." + encoded(claims()) + b".").decode()
        assert alg != "none" or trusting_verifier(forged)
        assert 401 == assert_(web, forged).status_code


def test_a_critical_extension_is_refused(web: FlaskClient, claims: Claims) -> None:
    assert 401 == assert_(web, signed(claims(), "ES256", crit=["b64"], b64=False)).status_code


@pytest.mark.parametrize("text", ["x", "a.b", "a.b.c", "....", "e30.e30.e30", "W10.W10.AA", "é.é.é", "A" * 17_000])
def test_what_is_no_assertion_is_refused(deps: Deps, web: FlaskClient, text: str) -> None:
    answer = assert_(web, text)
    assert answer.status_code in (400, 401)
    assert answer.json["error"] in ("invalid_client", "invalid_request")


def test_a_deeply_nested_assertion_is_refused(web: FlaskClient) -> None:
    nested = b"[" * 6000
    text = (encoded({"alg": "ES256"}) + b"." + encoded(b'{"sub":' + nested) + b".AA").decode()
    assert 401 == assert_(web, text).status_code


def test_the_assertion_type_is_named(web: FlaskClient, claims: Claims) -> None:
    assertion = signed(claims(), "ES256")
    assert 401 == ask(web, client_assertion=assertion).status_code
    assert 401 == ask(web, client_assertion=assertion, client_assertion_type="x").status_code
    assert 200 == assert_(web, assertion).status_code


def test_a_client_id_beside_an_assertion_must_be_its_own(web: FlaskClient, claims: Claims) -> None:
    assert 401 == assert_(web, signed(claims(), "ES256"), client_id="portal").status_code
    assert 200 == assert_(web, signed(claims(jti="j2"), "ES256"), client_id="asserting").status_code


def test_a_client_without_keys_proves_nothing_by_assertion(web: FlaskClient, claims: Claims) -> None:
    assert 401 == assert_(web, signed(claims("portal"), "ES256")).status_code


def test_a_key_set_of_a_reloaded_registry_counts_at_once(database: Database, deps: Deps, claims: Claims) -> None:
    current = [deps.registry()]
    fresh = ECKey.generate_key("P-256", parameters={"kid": "ec"})
    renewed = partner(
        "asserting",
        token_endpoint_auth_method=ClientAuthentication.PRIVATE_KEY_JWT,
        jwks={"keys": [fresh.as_dict(private=False)]},
    )
    web = quiet_app(quiet_deps(database, registry=lambda: current[0], clock=deps.clock)).test_client()
    assert 200 == assert_(web, signed(claims(), "ES256")).status_code
    current[0] = make_registry(ISSUER, [renewed], [])
    assert 401 == assert_(web, signed(claims(jti="j2"), "ES256")).status_code
    assert 200 == assert_(web, signed(claims(jti="j3"), "ES256", fresh)).status_code


def test_a_flood_of_failures_from_one_network_is_counted_and_no_longer_written(deps: Deps, web: FlaskClient) -> None:
    """RFC 6749 section 2.3.1: brute force is bounded; here the trail is, while nobody else is kept out."""
    for _ in range(103):
        assert 401 == ask(web, basic("nobody")).status_code
    assert 100 == len(reasons(deps))
    assert 103 == deps.metrics.counts[Metric.CLIENT_AUTHENTICATION_FAILURES, ()]  # type: ignore[attr-defined]
    with deps.read() as connection:
        rows = connection.execute(select(audit_events.c.facts).order_by(audit_events.c.id)).scalars().all()
    assert ["counted_only"] == [facts["further"] for facts in rows if "further" in facts]
    assert "further" in rows[-1]
    assert 200 == ask(web, basic("portal")).status_code, "the control: whoever is right still comes in"
    cast(QuietClock, deps.clock).advance(600 * SECOND)
    ask(web, basic("nobody"))
    assert 101 == len(reasons(deps)), "and the next window is written again"


def test_failures_of_another_network_are_still_written(deps: Deps, web: FlaskClient) -> None:
    for _ in range(101):
        ask(web, basic("nobody"))
    web.post("/token", data={"grant_type": "x"}, headers=basic("nobody"), environ_base={"REMOTE_ADDR": "203.0.113.9"})
    web.post(
        "/introspect", data={"token": "x"}, headers=basic("elsewhere"), environ_base={"REMOTE_ADDR": "203.0.113.9"}
    )
    assert ("elsewhere", "unknown_client") == reasons(deps)[-1]
