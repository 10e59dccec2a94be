"""Keys at a jwks_uri are fetched when needed, kept for as long as said, and nobody can make us fetch without end."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey

from idp.adapters.clock import QuietClock
from idp.adapters.logs import QuietLog
from idp.adapters.outbound import OutboundAnswer, OutboundFailure, OutboundRefusal, QuietOutbound
from idp.domain.platform.instants import DAY, HOUR, MINUTE, SECOND
from idp.domain.portals.clients import Client, ClientAuthentication
from idp.domain.portals.key_sets import life_of
from idp.domain.portals.registry_content import make_registry
from idp.store.database import Database
from idp.usecases.deps import Deps
from idp.usecases.portals.client_keys import client_keys, fresh_client_keys
from tests.oauth.assertions import JWKS, KEYS, asserting, claims_of, mac, signed
from tests.oauth.conftest import ISSUER, partner
from tests.quiet import quiet_app, quiet_deps
from tests.statements import counted

ADDRESS = "https://partenaire.example.fr/keys"
CLIENT = partner(
    "fetched", secrets=(), jwks_uri=ADDRESS, token_endpoint_auth_method=ClientAuthentication.PRIVATE_KEY_JWT
)


@pytest.fixture
def deps(database: Database) -> Deps:
    registry = make_registry(ISSUER, [CLIENT], [])
    return quiet_deps(database, registry=lambda: registry)


@pytest.fixture
def outbound(deps: Deps) -> QuietOutbound:
    return cast(QuietOutbound, deps.outbound)


Publish = Callable[..., None]


@pytest.fixture
def publish(outbound: QuietOutbound) -> Publish:
    def put(keys: Any = JWKS, status: int = 200, **headers: str) -> None:
        body = keys if isinstance(keys, bytes) else json.dumps(keys).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        outbound.answers[ADDRESS] = OutboundAnswer(status, body, named)

    return put


def advance(deps: Deps, by: int) -> None:
    cast(QuietClock, deps.clock).advance(by)


def test_keys_are_fetched_once_for_as_long_as_the_answer_says(
    deps: Deps, outbound: QuietOutbound, publish: Publish
) -> None:
    """RFC 9111 section 5.2.2.1."""
    publish(cache_control="public, max-age=600")
    assert [JWKS] * 3 == [client_keys(deps, CLIENT) for _ in range(3)]
    assert 1 == len(outbound.calls)
    advance(deps, 600 * SECOND)
    client_keys(deps, CLIENT)
    assert 2 == len(outbound.calls)


@pytest.mark.parametrize(
    ("headers", "life"),
    [
        ({}, HOUR),
        ({"cache-control": "max-age=600"}, 600 * SECOND),
        ({"cache-control": "private, MAX-AGE=600"}, 600 * SECOND),
        ({"cache-control": 'max-age="600"'}, 600 * SECOND),
        ({"cache-control": "max-age=600", "age": "200"}, 400 * SECOND),
        ({"cache-control": "max-age=5"}, MINUTE),
        ({"cache-control": "max-age=99999999"}, DAY),
        ({"cache-control": "no-store"}, MINUTE),
        ({"cache-control": "no-cache, max-age=600"}, MINUTE),
        ({"cache-control": "s-maxage=600"}, HOUR),
        ({"cache-control": "max-age=-1"}, HOUR),
        ({"cache-control": "max-age=600", "expires": "0"}, 600 * SECOND),
        (
            {"date": "Sat, 21 Nov 2026 06:00:00 GMT", "expires": "Sat, 21 Nov 2026 06:10:00 GMT"},
            10 * MINUTE,
        ),
        ({"date": "Sat, 21 Nov 2026 06:00:00 GMT", "expires": "0"}, MINUTE),
        ({"expires": "Sat, 21 Nov 2026 06:10:00 GMT"}, MINUTE),
    ],
    ids=str,
)
def test_an_answer_lives_between_a_minute_and_a_day(headers: dict[str, str], life: int) -> None:
    """RFC 9111 sections 5.2.2 and 5.3."""
    assert life == life_of(headers)


def test_a_new_key_is_found_by_its_kid(deps: Deps, outbound: QuietOutbound, publish: Publish) -> None:
    """OpenID Connect Core section 10.1.1: the verifier asks again when it meets a kid that it does not know."""
    publish({"keys": []})
    client_keys(deps, CLIENT)
    publish(JWKS)
    assert JWKS == fresh_client_keys(deps, CLIENT, "ec")
    assert JWKS == fresh_client_keys(deps, CLIENT, "rsa")
    assert 2 == len(outbound.calls)


def test_unknown_kids_do_not_make_us_fetch_without_end(deps: Deps, outbound: QuietOutbound, publish: Publish) -> None:
    """RFC 9700 section 4: nobody unauthenticated steers our calls. Three early looks in five minutes, then none."""
    publish()
    for number in range(100):
        fresh_client_keys(deps, CLIENT, f"guess-{number}")
    assert 1 + 3 == len(outbound.calls)
    advance(deps, 5 * MINUTE)
    for number in range(100):
        fresh_client_keys(deps, CLIENT, f"guess-{number}")
    assert 1 + 3 + 3 == len(outbound.calls)


def test_simultaneous_requests_ask_once(deps: Deps, outbound: QuietOutbound, publish: Publish) -> None:
    publish()
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: client_keys(deps, CLIENT), range(16)))
    assert [JWKS] * 16 == found
    assert 1 == len(outbound.calls)


def test_a_silent_host_is_left_alone_for_a_moment_and_named_in_the_log(deps: Deps, outbound: QuietOutbound) -> None:
    outbound.answers[ADDRESS] = OutboundFailure(OutboundRefusal.UNREACHABLE)
    assert [None] * 3 == [client_keys(deps, CLIENT) for _ in range(3)]
    assert 1 == len(outbound.calls)
    line = {"client_id": "fetched", "host": "partenaire.example.fr", "reason": "unreachable"}
    assert [("client_keys.unavailable", line)] == cast(QuietLog, deps.log).lines
    advance(deps, 10 * SECOND)
    client_keys(deps, CLIENT)
    assert 2 == len(outbound.calls)


def test_good_keys_outlive_a_failed_early_look_but_not_their_own_end(
    deps: Deps, outbound: QuietOutbound, publish: Publish
) -> None:
    publish(cache_control="max-age=600")
    client_keys(deps, CLIENT)
    outbound.answers[ADDRESS] = OutboundFailure(OutboundRefusal.TOO_SLOW)
    assert JWKS == fresh_client_keys(deps, CLIENT, "unknown")
    assert JWKS == client_keys(deps, CLIENT)
    advance(deps, 600 * SECOND)
    assert None is client_keys(deps, CLIENT)


PRIVATE = ECKey.generate_key("P-256", auto_kid=True)


def kind_of(value: Any) -> str:
    """A name without the key, which is another one in every process that collects this."""
    return str(value)[:24] if isinstance(value, bytes) else "keys" if isinstance(value, dict) else str(value)


@pytest.mark.parametrize(
    ("published", "status"),
    [
        (b"", 200),
        (b"{", 200),
        (b"[]", 200),
        (b'{"keys": {}}', 200),
        (b'{"keys": [1]}', 200),
        (b"[" * 60_000, 200),
        (b'{"keys": [], "pad": "' + b"x" * 70_000 + b'"}', 200),
        ({"keys": [{"kty": "oct", "k": "AAAA"}]}, 200),
        ({"keys": [*JWKS["keys"], PRIVATE.as_dict(private=True)]}, 200),
        ({"keys": [*JWKS["keys"], OctKey.generate_key(256).as_dict(private=True)]}, 200),
        ({"keys": JWKS["keys"] * 20}, 200),
        (JWKS, 302),
        (JWKS, 404),
        (JWKS, 500),
    ],
    ids=kind_of,
)
def test_what_is_no_public_key_set_counts_for_nothing(
    deps: Deps, publish: Publish, published: Any, status: int
) -> None:
    """RFC 7517 section 5; RFC 7591 section 2: jwks_uri holds public keys. Whoever publishes a private one has none."""
    publish(published, status)
    assert None is client_keys(deps, CLIENT)
    assert "client_keys.unavailable" == cast(QuietLog, deps.log).lines[0][0]


@pytest.mark.parametrize(
    "other",
    [
        {"kty": "future", "x": "AA"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "n": "A" * 4_000, "e": "AQAB"},
        {**KEYS["RS256"].as_dict(private=False), "e": "A" * 300},
        {"kty": "RSA", "n": "x" * 171, "e": "AQAB"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "EC"},
        {"kid": 7, "kty": "EC"},
        {},
    ],
    ids=kind_of,
)
def test_a_key_of_an_unknown_or_unfit_kind_is_left_out(deps: Deps, publish: Publish, other: dict[str, Any]) -> None:
    """RFC 7517 section 5: keys with an unknown kty, or out of range, are ignored."""
    publish({"keys": [other, *JWKS["keys"]]})
    assert JWKS == client_keys(deps, CLIENT)


def test_a_client_with_its_keys_in_the_registry_calls_nobody(deps: Deps, outbound: QuietOutbound) -> None:
    assert JWKS == fresh_client_keys(deps, Client("written", jwks=JWKS), "unknown")
    assert None is client_keys(deps, Client("none"))
    assert [] == outbound.calls


def test_a_client_proves_itself_with_what_it_publishes(deps: Deps, publish: Publish) -> None:
    """OpenID Connect Core section 9: private_key_jwt, with the keys of jwks_uri."""
    publish()
    web = quiet_app(deps).test_client()
    assert 200 == asserting(web, signed(claims_of(deps, "fetched")), "/introspect", token="x").status_code
    renewed = OKPKey.generate_key("Ed25519", parameters={"kid": "renewed"})
    publish({"keys": [renewed.as_dict(private=False)]})
    by_new = signed(claims_of(deps, "fetched", jti="j2"), "EdDSA", renewed)
    assert 200 == asserting(web, by_new, "/introspect", token="x").status_code
    by_old = signed(claims_of(deps, "fetched", jti="j3"))
    assert 401 == asserting(web, by_old, "/introspect", token="x").status_code


@pytest.mark.parametrize("reason", OutboundRefusal)
def test_an_unreachable_jwks_uri_is_invalid_client(
    deps: Deps, outbound: QuietOutbound, reason: OutboundRefusal
) -> None:
    """RFC 6749 section 5.2: never a 500, never a fetch inside a transaction."""
    outbound.answers[ADDRESS] = OutboundFailure(reason)
    answer = asserting(quiet_app(deps).test_client(), signed(claims_of(deps, "fetched")))
    assert (401, "invalid_client") == (answer.status_code, answer.json["error"])


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_an_algorithm_that_never_counts_makes_us_call_nobody(
    deps: Deps, outbound: QuietOutbound, publish: Publish, alg: str
) -> None:
    """RFC 8725 section 3.1: the algorithm is decided before any key is looked for."""
    publish()
    forged = mac(claims_of(deps, "fetched"), b"x" * 32, alg)
    assert 401 == asserting(quiet_app(deps).test_client(), forged).status_code
    assert [] == outbound.calls


class Watching(QuietOutbound):
    """Remembers how many statements had been sent, and that nobody held a transaction, when it was called."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    def get(self, url: str) -> OutboundAnswer | OutboundFailure:
        with self._database.transaction():  # on SQLite a second writer would wait for the first for ever
            return super().get(url)


def test_no_transaction_waits_for_another_host(database: Database) -> None:
    """A slow host holds no lock and no connection of ours."""
    registry = make_registry(ISSUER, [CLIENT], [])
    outbound = Watching(database)
    outbound.answers[ADDRESS] = OutboundAnswer(200, json.dumps(JWKS).encode(), {})
    deps = quiet_deps(database, registry=lambda: registry, outbound=outbound)
    with counted(database) as sent:
        answer = asserting(quiet_app(deps).test_client(), signed(claims_of(deps, "fetched")), "/introspect", token="x")
    assert (200, 1) == (answer.status_code, len(outbound.calls))
    assert ["INSERT"] == [statement.split()[0] for statement in sent if statement.split()[0] != "BEGIN"]
