"""ID tokens and userinfo that only the client reads (OpenID Connect Core sections 10.2 and 5.3.2; RFC 7516)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet

from idp.adapters.clock import QuietClock
from idp.adapters.logs import QuietLog
from idp.adapters.outbound import OutboundAnswer, OutboundFailure, OutboundRefusal, QuietOutbound
from idp.domain.platform.instants import MINUTE
from idp.domain.portals.clients import Client, SigningAlgorithm
from idp.domain.portals.encryption import KeyManagement
from idp.domain.portals.registry_content import content_of, make_registry, registry_from
from idp.store.database import Database
from idp.usecases.deps import Deps
from tests.oauth.conftest import ISSUER, Codes, Posts, basic, partner
from tests.oauth.decryption import PrivateKey, bytes_of, decrypted, new_key, public_jwk, text_of
from tests.quiet import quiet_deps
from tests.statements import counted

ADDRESS = "https://chiffre.example.fr/jwks"
KEYS: dict[str, PrivateKey] = {kind: new_key(kind) for kind in ("RSA", "P-256", "P-384", "P-521", "X25519")}
JWKS = {kind: {"keys": [public_jwk(key, kid=kind, use="enc")]} for kind, key in KEYS.items()}
ALGS = {kind: KeyManagement.RSA_OAEP_256 if kind == "RSA" else KeyManagement.ECDH_ES_A256KW for kind in KEYS}
LOW_ORDER = {"keys": [{"kty": "OKP", "crv": "X25519", "x": "A" * 43, "kid": "zero"}]}
Tokens = Callable[..., dict[str, Any]]


def reader(client_id: str, kind: str, **values: Any) -> Client:
    """A partner whose ID tokens and userinfo are encrypted to one key."""
    chosen = {"jwks": JWKS[kind]} if "jwks_uri" not in values else {}
    algs = {"id_token_encrypted_response_alg": ALGS[kind], "userinfo_encrypted_response_alg": ALGS[kind]}
    return partner(client_id, **{**chosen, **algs, **values})


READERS = [
    *(reader(f"to-{kind}", kind) for kind in KEYS),
    reader("nested", "RSA", userinfo_signed_response_alg=SigningAlgorithm.ES256),
    reader("fetched", "P-256", jwks_uri=ADDRESS),
    reader("weak", "X25519", jwks=LOW_ORDER),
    partner("portal"),
]


@pytest.fixture
def deps(database: Database) -> Deps:
    registry = make_registry(ISSUER, READERS, [])
    return quiet_deps(database, registry=lambda: registry)


@pytest.fixture
def publish(deps: Deps) -> Callable[..., None]:
    """What the client's host answers from now on."""

    def put(keys: Any, status: int = 200) -> None:
        answer = OutboundAnswer(status, json.dumps(keys).encode(), {"cache-control": "max-age=600"})
        cast(QuietOutbound, deps.outbound).answers[ADDRESS] = answer

    return put


def signed_by_us(web: FlaskClient, text: str, alg: str) -> dict[str, Any]:
    keys = KeySet.import_key_set(web.get("/jwks").json)  # type: ignore[arg-type]
    return jwt.decode(text, keys, algorithms=[alg]).claims


def userinfo(web: FlaskClient, token: str) -> Any:
    return web.get("/userinfo", headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize("kind", list(KEYS))
def test_an_id_token_is_signed_then_encrypted(web: FlaskClient, tokens: Tokens, kind: str) -> None:
    """OpenID Connect Core sections 10.2 and 16.14; RFC 7518 sections 4.3, 4.6 and 5.3; RFC 7519 section 5.2."""
    header, inner = decrypted(tokens(f"to-{kind}")["id_token"], KEYS[kind])
    assert (header["alg"], header["enc"], header["kid"], header["cty"]) == (ALGS[kind], "A256GCM", kind, "JWT")
    claims = signed_by_us(web, inner, "RS256")
    assert (claims["iss"], claims["aud"], claims["sub"], claims["nonce"]) == (ISSUER, f"to-{kind}", "s1", "n-1")


@pytest.mark.parametrize("kind", list(KEYS))
def test_another_key_opens_nothing(tokens: Tokens, kind: str) -> None:
    """RFC 7516 section 11.5; the test above is the control."""
    text = tokens(f"to-{kind}")["id_token"]
    with pytest.raises((ValueError, InvalidUnwrap, InvalidTag)):
        decrypted(text, new_key(kind))
    head, rest = text.split(".", 1)
    changed = text_of(json.dumps(json.loads(bytes_of(head)) | {"kid": "changed"}).encode())
    with pytest.raises(InvalidTag):  # the header is authenticated with the content
        decrypted(f"{changed}.{rest}", KEYS[kind])


def test_each_text_has_a_content_key_of_its_own(tokens: Tokens) -> None:
    """RFC 7516 section 5.1 step 2; RFC 7518 section 4.6.1: the ephemeral key is new each time."""
    made = [tokens("to-P-256")["id_token"] for _ in range(2)]
    headers = [decrypted(text, KEYS["P-256"])[0]["epk"] for text in made]
    assert headers[0] != headers[1]
    assert len({text.split(".")[1] for text in made} | {text.split(".")[2] for text in made}) == 4


def test_a_refreshed_id_token_is_encrypted_too(web: FlaskClient, tokens: Tokens) -> None:
    """OpenID Connect Core section 12.2."""
    form = {"grant_type": "refresh_token", "refresh_token": tokens("to-RSA")["refresh_token"]}
    answers = [web.post("/token", data=form, headers=basic("to-RSA")) for _ in range(2)]
    assert answers[0].data == answers[1].data, "a retry gets the identical answer"
    _, inner = decrypted(answers[0].json["id_token"], KEYS["RSA"])  # type: ignore[index]
    assert signed_by_us(web, inner, "RS256")["sub"] == "s1"


def test_a_token_without_openid_needs_no_key(web: FlaskClient, give_code: Codes, redeem: Posts) -> None:
    assert "id_token" not in redeem(give_code("weak", scope="email"), "weak").json


def test_userinfo_is_encrypted_without_a_signature(web: FlaskClient, tokens: Tokens) -> None:
    """OpenID Connect Core section 5.3.2: it may be encrypted without also being signed."""
    answer = userinfo(web, tokens("to-P-256", scope="openid email")["access_token"])
    assert (200, "application/jwt", "no-store") == (
        answer.status_code, answer.mimetype, answer.headers["Cache-Control"],
    )  # fmt: skip
    header, text = decrypted(answer.text, KEYS["P-256"])
    assert "cty" not in header
    assert {"sub": "s1", "email": "claire@example.fr", "email_verified": True} == json.loads(text)


def test_userinfo_is_signed_then_encrypted(web: FlaskClient, tokens: Tokens) -> None:
    """OpenID Connect Core section 5.3.2."""
    header, inner = decrypted(userinfo(web, tokens("nested")["access_token"]).text, KEYS["RSA"])
    assert header["cty"] == "JWT"
    claims = signed_by_us(web, inner, "ES256")
    assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER, "nested", "s1")


def test_the_inner_token_is_the_hint(deps: Deps, tokens: Tokens) -> None:
    """OpenID Connect Core section 3.1.2.1: to send it back the client decrypts it; what is encrypted says nothing."""
    text = tokens("to-RSA")["id_token"]
    assert deps.signer.verify(text) is None
    assert (deps.signer.verify(decrypted(text, KEYS["RSA"])[1]) or {})["sub"] == "s1"


@pytest.mark.parametrize(
    "failure",
    [OutboundFailure(OutboundRefusal.TOO_SLOW), OutboundAnswer(200, json.dumps(JWKS["RSA"]).encode(), {})],
    ids=["unreachable", "no such key"],
)
def test_a_code_is_not_spent_while_no_key_serves(
    deps: Deps, give_code: Codes, redeem: Posts, publish: Callable[..., None], failure: Any
) -> None:
    """The RFC's error, a log line that names the host, and the code stays good."""
    cast(QuietOutbound, deps.outbound).answers[ADDRESS] = failure
    code = give_code("fetched")
    answer = redeem(code, "fetched")
    assert (400, "invalid_client") == (answer.status_code, answer.json["error"])
    facts = {"client_id": "fetched", "host": "chiffre.example.fr", "alg": "ECDH-ES+A256KW"}
    assert ("client_keys.none_encrypts", facts) in cast(QuietLog, deps.log).lines
    publish(JWKS["P-256"])
    cast(QuietClock, deps.clock).advance(30_000)
    given = redeem(code, "fetched")
    assert given.status_code == 200
    assert decrypted(given.json["id_token"], KEYS["P-256"])[0]["kid"] == "P-256"


def test_a_refresh_token_is_not_spent_while_no_key_serves(
    deps: Deps, web: FlaskClient, tokens: Tokens, publish: Callable[..., None]
) -> None:
    publish(JWKS["P-256"])
    form = {"grant_type": "refresh_token", "refresh_token": tokens("fetched")["refresh_token"]}
    publish({}, 503)
    cast(QuietClock, deps.clock).advance(10 * MINUTE)
    refused = web.post("/token", data=form, headers=basic("fetched"))
    assert (400, "invalid_client") == (refused.status_code, refused.json["error"])  # type: ignore[index]
    publish(JWKS["P-256"])
    cast(QuietClock, deps.clock).advance(MINUTE)
    assert web.post("/token", data=form, headers=basic("fetched")).status_code == 200


def test_userinfo_without_a_key_is_refused_and_no_trouble_of_ours(
    deps: Deps, web: FlaskClient, tokens: Tokens, publish: Callable[..., None]
) -> None:
    publish(JWKS["P-256"])
    token = tokens("fetched")["access_token"]
    deps.client_keys.change(ADDRESS, lambda held: type(held)())
    publish(JWKS["RSA"])
    answer = userinfo(web, token)
    assert (400, "invalid_request") == (answer.status_code, answer.json["error"])
    assert 'error="invalid_request"' in answer.headers["WWW-Authenticate"]


def test_a_key_that_is_none_is_refused(give_code: Codes, redeem: Posts) -> None:
    """RFC 8037 section 3.2 and RFC 7748 section 6.1: a point of low order shares a secret with everyone."""
    assert (400, "invalid_client") == ((answer := redeem(give_code("weak"), "weak")).status_code, answer.json["error"])


def test_a_new_key_of_the_client_is_fetched_at_once(
    give_code: Codes, redeem: Posts, publish: Callable[..., None]
) -> None:
    """OpenID Connect Core section 10.2.1: a set that lacks the key is asked for again, cached or not."""
    publish(JWKS["RSA"])
    code = give_code("fetched")
    assert redeem(code, "fetched").status_code == 400
    publish(JWKS["P-256"])
    assert decrypted(redeem(code, "fetched").json["id_token"], KEYS["P-256"])[0]["kid"] == "P-256"


def test_a_client_that_encrypts_costs_no_statement_more(
    deps: Deps, web: FlaskClient, give_code: Codes, redeem: Posts
) -> None:
    counts = []
    for client_id in ("portal", "to-RSA"):
        code = give_code(client_id)
        with counted(deps.database) as sent:
            given = redeem(code, client_id)
            assert userinfo(web, given.json["access_token"]).status_code == 200
        counts.append(len(sent))
    assert counts[0] == counts[1]


def test_discovery_announces_what_is_done(web: FlaskClient) -> None:
    """OpenID Connect Discovery section 3."""
    told = cast(Any, web.get("/.well-known/openid-configuration").json)
    for kind in ("id_token", "userinfo", "authorization", "introspection"):
        assert told[f"{kind}_encryption_alg_values_supported"] == ["RSA-OAEP-256", "ECDH-ES+A256KW"]
        assert told[f"{kind}_encryption_enc_values_supported"] == ["A256GCM"]


def test_the_last_good_registry_keeps_the_algorithms() -> None:
    registry = make_registry(ISSUER, READERS, [])
    assert registry_from(json.loads(json.dumps(content_of(registry))), ISSUER).digest == registry.digest
    again = registry_from(content_of(registry), ISSUER).clients["to-RSA"]
    assert again.id_token_encrypted_response_alg is KeyManagement.RSA_OAEP_256
