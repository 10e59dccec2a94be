"""POST /register: closed by default, read by the rules of clients.yaml (RFC 7591, OpenID Connect Registration 1.0)."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from sqlalchemy import select

from idp.adapters.clock import QuietClock
from idp.adapters.outbound import OutboundAnswer, OutboundFailure, OutboundRefusal, QuietOutbound
from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.platform.instants import DAY
from idp.domain.portals.registry_content import make_registry
from idp.store.database import Database
from idp.store.portals.registered_clients import client_invitations, registered_clients
from idp.store.tables import metadata
from idp.usecases.deps import Deps
from idp.usecases.portals.clients import find_client
from idp.usecases.portals.invitations import invite_clients
from tests.oauth.conftest import CALLBACK, ISSUER, PARTNERS, RESOURCES, basic
from tests.quiet import quiet_app, quiet_deps

OPERATOR = Actor(ActorRole.OPERATOR, "test")
PUBLISHER = "https://editeur.example.fr"
PUBLISHER_KEY = ECKey.generate_key("P-256", {"kid": "p1", "alg": "ES256"})
JWKS = {"keys": [ECKey.generate_key("P-256").as_dict(private=False)]}
SECTOR = "https://jeu.example.fr/sector.json"


@pytest.fixture
def deps(database: Database) -> Deps:
    publishers = {PUBLISHER: {"keys": [PUBLISHER_KEY.as_dict(private=False)]}}
    registry = make_registry(ISSUER, PARTNERS, RESOURCES, publishers)
    return quiet_deps(database, registry=lambda: registry)


def invite(deps: Deps, **changes: Any) -> str:
    terms = {"uses": 1, "profile": "oidc", "require_pkce": True, "life": DAY} | changes
    return invite_clients(deps, OPERATOR, **terms)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def register(deps: Deps, web: FlaskClient, token: str = "", **metadata: Any) -> Any:
    sent = {"redirect_uris": [CALLBACK], **metadata}
    sent = {name: value for name, value in sent.items() if value is not ...}
    return web.post("/register", json=sent, headers=bearer(token or invite(deps)))


def test_nobody_registers_without_an_invitation(deps: Deps, web: FlaskClient) -> None:
    """RFC 7591 section 1.2, 3: a protected endpoint; the control is the invited request."""
    for headers in ({}, bearer("guess"), basic("portal"), {"Authorization": "Bearer"}):
        answer = web.post("/register", json={"redirect_uris": [CALLBACK]}, headers=headers)
        assert (401, {"error": "invalid_token"}) == (answer.status_code, answer.json)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert 201 == register(deps, web).status_code


def test_the_answer_holds_everything_registered(deps: Deps, web: FlaskClient) -> None:
    """RFC 7591 section 3.2.1: all registered metadata, defaults included, and Registration 1.0 section 3.2."""
    answer = register(deps, web, client_name="Jeu", contacts=["a@jeu.example.fr"], software_id="s-1", unknown={"x": 1})
    body = answer.json
    assert 201 == answer.status_code
    assert "no-store" in answer.headers["Cache-Control"]
    assert body["registration_client_uri"] == f"{ISSUER}/register/{body['client_id']}"
    assert len(body["client_secret"]) >= 43
    assert 0 == body["client_secret_expires_at"]
    assert body["client_id_issued_at"] == deps.clock.now() // 1000
    expected = {
        "client_name": "Jeu",
        "contacts": ["a@jeu.example.fr"],
        "software_id": "s-1",
        "redirect_uris": [CALLBACK],
        "response_types": ["code"],
        "grant_types": ["authorization_code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "id_token_signed_response_alg": "RS256",
        "application_type": "web",
        "subject_type": "public",
        "scope": "openid profile email phone",
    }
    assert expected == {name: body[name] for name in expected}
    assert "unknown" not in body


def test_secrets_and_tokens_are_kept_as_hashes(deps: Deps, web: FlaskClient) -> None:
    token = invite(deps)
    body = register(deps, web, token).json
    with deps.read() as connection:
        rows = [tuple(row) for row in connection.execute(select(registered_clients))]
        invitations = [tuple(row) for row in connection.execute(select(client_invitations))]
    assert hashlib.sha256(body["client_secret"].encode()).hexdigest() in repr(rows)
    for secret in (body["client_secret"], body["registration_access_token"], token):
        assert secret not in repr(rows) + repr(invitations)


def test_a_registered_client_is_a_client(deps: Deps, web: FlaskClient) -> None:
    """It asks for tokens, and sends people to sign in, as one of clients.yaml does."""
    body = register(deps, web, grant_types=["authorization_code", "client_credentials"]).json
    answer = web.post(
        "/token", data={"grant_type": "client_credentials"}, headers=basic(body["client_id"], body["client_secret"])
    )
    assert 200 == answer.status_code
    query = {
        "client_id": body["client_id"], "redirect_uri": CALLBACK, "response_type": "code", "scope": "openid",
        "code_challenge": "a" * 43, "code_challenge_method": "S256",
    }  # fmt: skip
    assert "/sign-in" in web.get("/authorize", query_string=query).headers["Location"]


def test_people_are_always_asked_before_a_registered_client_learns_anything(deps: Deps, web: FlaskClient) -> None:
    client = find_client(deps, register(deps, web).json["client_id"])
    assert client is not None
    assert client.require_consent


def test_an_invitation_is_used_as_often_as_it_says(deps: Deps, web: FlaskClient) -> None:
    token = invite(deps, uses=2)
    assert [201, 201, 401] == [register(deps, web, token).status_code for _ in range(3)]


def test_a_wrong_registration_costs_no_use(deps: Deps, web: FlaskClient) -> None:
    token = invite(deps)
    assert 400 == register(deps, web, token, redirect_uris=["nonsense"]).status_code
    assert 201 == register(deps, web, token).status_code


def test_an_invitation_expires(deps: Deps, web: FlaskClient) -> None:
    token = invite(deps, life=DAY)
    cast(QuietClock, deps.clock).advance(DAY)
    assert 401 == register(deps, web, token).status_code


def test_sixteen_at_the_same_moment_use_an_invitation_once(deps: Deps) -> None:
    """One conditional UPDATE counts."""
    token, app = invite(deps), quiet_app(deps)
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: register(deps, app.test_client(), token).status_code, range(16)))
    assert 1 == statuses.count(201)
    assert 15 == statuses.count(401)


def test_an_invitation_may_lift_pkce_for_those_that_hold_a_secret(deps: Deps, web: FlaskClient) -> None:
    lifted = find_client(deps, register(deps, web, invite(deps, require_pkce=False)).json["client_id"])
    public = register(deps, web, invite(deps, require_pkce=False), token_endpoint_auth_method="none").json
    held = find_client(deps, register(deps, web).json["client_id"])
    assert lifted is not None
    assert held is not None
    assert not lifted.demands_pkce
    assert held.demands_pkce
    assert "client_secret" not in public
    assert cast(Any, find_client(deps, public["client_id"])).demands_pkce


REDIRECTS = {
    "fragment": "https://jeu.example.fr/cb#x",
    "http": "http://jeu.example.fr/cb",
    "localhost": "http://localhost:1234/cb",
    "script": "javascript:alert(1)",
    "wildcard": "https://*.example.fr/cb",
    "userinfo": "https://a@jeu.example.fr/cb",
    "traversal": "https://jeu.example.fr/a/../cb",
    "encoded traversal": "https://jeu.example.fr/%2e%2e/cb",
    "no address": "callback",
    "letters outside ASCII": "https://jéu.example.fr/cb",
    "NUL": "https://jeu.example.fr/\x00",
    "own scheme of a web client": "fr.example.jeu:/cb",
}


@pytest.mark.parametrize("uri", REDIRECTS.values(), ids=REDIRECTS)
def test_a_loose_redirect_uri_is_refused(uri: str, deps: Deps, web: FlaskClient) -> None:
    """RFC 7591 section 5, RFC 9700 section 2.1, module oidcc-redirect-uri-regfrag."""
    answer = register(deps, web, redirect_uris=[uri])
    assert 400 == answer.status_code
    assert answer.json["error"] in ("invalid_redirect_uri", "invalid_client_metadata")
    if uri != REDIRECTS["NUL"]:
        assert "invalid_redirect_uri" == answer.json["error"]


def test_no_redirect_uri_is_refused(deps: Deps, web: FlaskClient) -> None:
    for value in (..., [], None, ""):
        answer = register(deps, web, redirect_uris=value)
        assert (400, "invalid_redirect_uri") == (answer.status_code, answer.json["error"])


def test_a_native_client_listens_on_loopback(deps: Deps, web: FlaskClient) -> None:
    """RFC 8252 section 7.3: the only http there is; the control is the web client refused above."""
    native = {"application_type": "native", "token_endpoint_auth_method": "none"}
    assert 201 == register(deps, web, redirect_uris=["http://127.0.0.1/cb", "fr.example.jeu:/cb"], **native).status_code


ENCRYPTING = {"keys": [ECKey.generate_key("P-256", parameters={"use": "enc", "kid": "e"}).as_dict(private=False)]}


def test_a_client_may_register_for_encrypted_answers(deps: Deps, web: FlaskClient) -> None:
    """Registration 1.0 section 2; the enc that counts is answered (RFC 7591 section 3.2.1)."""
    algs = {f"{kind}_encrypted_response_alg": "ECDH-ES+A256KW" for kind in ("id_token", "userinfo")}
    body = register(deps, web, jwks=ENCRYPTING, **algs).json
    expected = {**algs, **{f"{kind}_encrypted_response_enc": "A256GCM" for kind in ("id_token", "userinfo")}}
    assert expected == {name: value for name, value in body.items() if "_encrypted_" in name}
    assert not [name for name in register(deps, web).json if "_encrypted_" in name], "the control"


def test_a_client_may_register_for_types_of_authorization_details(deps: Deps, web: FlaskClient) -> None:
    """RFC 9396 section 10."""
    assert ["acting_for"] == register(deps, web, authorization_details_types=["acting_for"]).json[
        "authorization_details_types"
    ]
    assert "authorization_details_types" not in register(deps, web).json, "the control"


WRONG: dict[str, dict[str, Any]] = {
    "a type of authorization details that there is not": {"authorization_details_types": ["payment_initiation"]},
    "an implicit grant": {"grant_types": ["implicit"]},
    "a response type that does not exist here": {"response_types": ["id_token token"]},
    "a response type without its grant": {"grant_types": ["client_credentials"], "response_types": ["code"]},
    "a grant without its response type": {"response_types": []},
    "an encryption that is not announced": {"jwks": ENCRYPTING, "id_token_encrypted_response_alg": "RSA1_5"},
    "a content encryption that is not announced": {
        "jwks": ENCRYPTING,
        "userinfo_encrypted_response_alg": "ECDH-ES+A256KW",
        "userinfo_encrypted_response_enc": "A128CBC-HS256",
    },
    "an enc without its alg": {"jwks": ENCRYPTING, "userinfo_encrypted_response_enc": "A256GCM"},
    "an encryption without keys": {"id_token_encrypted_response_alg": "RSA-OAEP-256"},
    "an encryption that no key serves": {"jwks": ENCRYPTING, "id_token_encrypted_response_alg": "RSA-OAEP-256"},
    "an unsigned ID token": {"id_token_signed_response_alg": "none"},
    "an unknown method": {"token_endpoint_auth_method": "magic"},
    "keys two ways": {
        "jwks": JWKS,
        "jwks_uri": "https://jeu.example.fr/jwks",
        "token_endpoint_auth_method": "private_key_jwt",
    },
    "keys in a file of ours": {"jwks": "file:/etc/passwd", "token_endpoint_auth_method": "private_key_jwt"},
    "a private key": {
        "jwks": {"keys": [ECKey.generate_key("P-256").as_dict(private=True)]},
        "token_endpoint_auth_method": "private_key_jwt",
    },
    "a certificate of an authority that nobody chose": {
        "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_subject_dn": "CN=jeu",
        "tls_client_auth_ca": "file:/etc/passwd",
    },
    "no keys": {"token_endpoint_auth_method": "private_key_jwt"},
    "http to start a sign-in": {"initiate_login_uri": "http://jeu.example.fr/start"},
    "a scope of somebody's resource": {"scope": "openid paie.read"},
    "an origin of somebody else": {"web_origins": ["https://autre.example.fr"]},
    "a name turned around": {"client_name": "Mire \u202egnihtyna"},
    "a name with nothing to read": {"client_name": "   "},
    "a name in many lines": {"client_name": "Mire\nVotre banque"},
    "a number for a text": {"client_name": 7},
    "a text for a list": {"contacts": "a@b.fr"},
    "a negative age": {"default_max_age": -1},
    "true for a number": {"default_max_age": True},
    "a script for a policy": {"policy_uri": "javascript:alert(1)"},
    "a data logo": {"logo_uri": "data:image/png;base64,AAAA"},
    "the same address twice": {"contacts": ["a@b.fr", "a@b.fr"]},
}  # fmt: skip


@pytest.mark.parametrize("metadata", WRONG.values(), ids=WRONG)
def test_wrong_metadata_is_refused_with_a_sentence(metadata: dict[str, Any], deps: Deps, web: FlaskClient) -> None:
    """RFC 7591 section 3.2.2."""
    answer = register(deps, web, **metadata)
    assert (400, "invalid_client_metadata") == (answer.status_code, answer.json["error"])
    assert answer.json["error_description"].isascii()


OPERATORS_OWN: dict[str, Any] = {
    "client_id": "portal", "client_secret": "x" * 50, "theme": "partner", "profile": "fapi2_security",
    "require_pkce": False, "require_consent": False, "id_token_claims": "scopes", "form_action_origins": ["https://a.fr"],
    "may_exchange_for": ["portal"], "widget": {"origins": ["https://a.fr"]}, "match": "exact",
    "legacy_widget": {"origins": ["https://a.fr"], "success_urls": ["https://a.fr/ok"], "failure_urls": ["https://a.fr/ko"]},
    "default_resource": "https://paie.example.fr/api", "resources": ["https://paie.example.fr/api"],
}  # fmt: skip


def test_a_client_may_come_with_a_certificate_of_its_own_making(deps: Deps, web: FlaskClient) -> None:
    """RFC 8705 section 2.2: the key is in its jwks, so no authority need be chosen."""
    asked = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": JWKS}
    bound = {"tls_client_certificate_bound_access_tokens": True, "dpop_bound_access_tokens": False}
    body = register(deps, web, **asked, **bound).json
    client = find_client(deps, body["client_id"])
    assert client is not None
    assert client.tls_client_certificate_bound_access_tokens
    assert (True, False) == (body["tls_client_certificate_bound_access_tokens"], body["dpop_bound_access_tokens"])


def test_what_an_operator_decides_is_ignored(deps: Deps, web: FlaskClient) -> None:
    """RFC 7591 section 2: what is not understood is ignored. Nothing of ours can be set from outside."""
    plain = find_client(deps, register(deps, web).json["client_id"])
    body = register(deps, web, **OPERATORS_OWN).json
    bold = find_client(deps, body["client_id"])
    assert plain is not None
    assert bold is not None
    for name in ("theme", "profile", "require_pkce", "require_consent", "may_exchange_for", "widget", "match",
                 "legacy_widget",
                 "default_resource", "form_action_origins", "id_token_claims_by_scope"):  # fmt: skip
        assert getattr(plain, name) == getattr(bold, name), name
    assert body["client_id"] != "portal"
    assert "x" * 50 != body["client_secret"]


def test_the_pages_of_a_registered_client_may_call_from_its_own_origin(deps: Deps, web: FlaskClient) -> None:
    origin = "https://portail.example.fr"
    ask = {"Origin": origin}
    assert "Access-Control-Allow-Origin" not in web.options("/token", headers=ask).headers
    assert 201 == register(deps, web, web_origins=[origin]).status_code
    assert origin == web.options("/token", headers=ask).headers["Access-Control-Allow-Origin"]


BODIES = {
    "a form": ("redirect_uris=x", "application/x-www-form-urlencoded"),
    "no JSON": ("{", "application/json"),
    "a list": ("[]", "application/json"),
    "a member twice": ('{"client_name": "a", "client_name": "b"}', "application/json"),
    "no number": ('{"default_max_age": NaN}', "application/json"),
    "a NUL": ('{"client_name": "a\\u0000"}', "application/json"),
    "half a letter": ('{"client_name": "\\ud800"}', "application/json"),
    "a tower": ("[" * 30_000, "application/json"),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_an_unreadable_body_is_an_answer(body: tuple[str, str], deps: Deps, web: FlaskClient) -> None:
    answer = web.post("/register", data=body[0], content_type=body[1], headers=bearer(invite(deps)))
    assert (400, "invalid_client_metadata") == (answer.status_code, answer.json["error"])


def test_a_huge_body_is_refused(deps: Deps, web: FlaskClient) -> None:
    body = json.dumps({"redirect_uris": [CALLBACK], "client_name": "a" * 70_000})
    headers = bearer(invite(deps))
    assert 413 == web.post("/register", data=body, content_type="application/json", headers=headers).status_code
    assert 413 == web.put("/register/x", data=body, content_type="application/json", headers=headers).status_code


def test_a_network_that_tries_too_often_waits(deps: Deps, web: FlaskClient) -> None:
    statuses = [web.post("/register", json={}, headers=bearer("guess")).status_code for _ in range(101)]
    assert {401} == set(statuses[:100])
    assert 429 == statuses[100]


def sector(deps: Deps, answer: OutboundAnswer | OutboundFailure) -> None:
    cast(QuietOutbound, deps.outbound).answers[SECTOR] = answer


def listing(*uris: Any) -> OutboundAnswer:
    return OutboundAnswer(200, json.dumps(uris).encode(), {})


def test_the_sector_document_lists_every_redirect_uri(deps: Deps, web: FlaskClient) -> None:
    """Registration 1.0 section 5, module oidcc-registration-sector-uri."""
    sector(deps, listing(CALLBACK, "https://autre.example.fr/cb"))
    both = [CALLBACK, "https://autre.example.fr/cb"]
    answer = register(deps, web, redirect_uris=both, subject_type="pairwise", sector_identifier_uri=SECTOR)
    assert 201 == answer.status_code
    client = find_client(deps, answer.json["client_id"])
    assert client is not None
    assert "jeu.example.fr" == client.sector_identifier


BAD_SECTORS = {
    "another list": listing("https://autre.example.fr/cb"),
    "no list": OutboundAnswer(200, b'{"a": 1}', {}),
    "no JSON": OutboundAnswer(200, b"<html>", {}),
    "numbers": listing(1, CALLBACK),
    "a redirect": OutboundAnswer(302, json.dumps([CALLBACK]).encode(), {"location": "https://a.fr"}),
    "nobody": OutboundFailure(OutboundRefusal.UNREACHABLE),
    "ourselves": OutboundFailure(OutboundRefusal.FORBIDDEN),
}


@pytest.mark.parametrize("answer", BAD_SECTORS.values(), ids=BAD_SECTORS)
def test_a_bad_sector_document_is_refused(answer: Any, deps: Deps, web: FlaskClient) -> None:
    """Registration 1.0 section 5, module oidcc-registration-sector-bad. Nothing of the document is shown."""
    sector(deps, answer)
    refused = register(deps, web, subject_type="pairwise", sector_identifier_uri=SECTOR)
    assert (400, "invalid_client_metadata") == (refused.status_code, refused.json["error"])
    assert "html" not in refused.text


def statement(deps: Deps, key: Any = PUBLISHER_KEY, **claims: Any) -> str:
    header = {"alg": "ES256", "kid": "p1"}
    return cast(str, jwt.encode(header, {"iss": PUBLISHER, "software_id": "jeu-3", **claims}, key))


def test_a_trusted_publisher_has_the_last_word(deps: Deps, web: FlaskClient) -> None:
    """RFC 7591 section 3.1.1: claims of the statement take precedence; section 3.2.1: it is returned unmodified."""
    text = statement(deps, client_name="Jeu de l'éditeur", redirect_uris=["https://jeu.example.fr/cb"])
    body = register(deps, web, software_statement=text, client_name="Impots", software_id="autre").json
    assert ("Jeu de l'éditeur", "jeu-3") == (body["client_name"], body["software_id"])
    assert ["https://jeu.example.fr/cb"] == body["redirect_uris"]
    assert text == body["software_statement"]


def test_a_statement_cannot_set_what_an_operator_decides(deps: Deps, web: FlaskClient) -> None:
    body = register(deps, web, software_statement=statement(deps, theme="partner", require_pkce=False)).json
    client = find_client(deps, body["client_id"])
    assert client is not None
    assert ("default", True) == (client.theme, client.require_pkce)


def test_a_foreign_statement_is_refused(deps: Deps, web: FlaskClient) -> None:
    """RFC 7591 section 3.2.2."""
    other = ECKey.generate_key("P-256", {"kid": "p1"})
    now = deps.clock.now() // 1000
    cases = {
        "invalid_software_statement": [
            statement(deps, other), "nonsense", 7, statement(deps, exp=now), statement(deps, nbf=now + 60),
            statement(deps, exp=True), statement(deps)[:-8] + "AAAAAAAA",
        ],
        "unapproved_software_statement": [statement(deps, iss="https://autre.example.fr"), statement(deps, iss=7)],
    }  # fmt: skip
    for error, texts in cases.items():
        for text in texts:
            answer = register(deps, web, software_statement=text)
            assert (400, error) == (answer.status_code, answer.json["error"])
    assert 201 == register(deps, web, software_statement=statement(deps, exp=now + 60)).status_code


def test_discovery_announces_the_endpoint(web: FlaskClient) -> None:
    document = web.get("/.well-known/openid-configuration").json
    assert f"{ISSUER}/register" == document["registration_endpoint"]


def test_offline_access_is_left_out_where_nothing_may_be_refreshed(deps: Deps, web: FlaskClient) -> None:
    """RFC 7591 section 2: a server may replace what it is asked; the answer says what is registered."""
    asked = {"scope": "openid offline_access"}
    without = register(deps, web, **asked)
    granted = register(deps, web, **asked, grant_types=["authorization_code", "refresh_token"])
    assert (without.json["scope"], granted.json["scope"]) == ("openid", "openid offline_access")


def assertion(client_id: str, header: dict[str, Any], key: Any, now: int) -> dict[str, str]:
    claims = {"iss": client_id, "sub": client_id, "aud": ISSUER, "jti": f"j{now}{key!r}", "iat": now, "exp": now + 60}
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode(header, claims, key, algorithms=[header["alg"]]),
    }


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_a_secret_to_compute_with_is_kept_encrypted(alg: str, deps: Deps, web: FlaskClient) -> None:
    """OpenID Connect Core section 9: client_secret_jwt. In the database the secret is sealed."""
    body = register(
        deps, web, token_endpoint_auth_method="client_secret_jwt", grant_types=["client_credentials"],
        token_endpoint_auth_signing_alg=alg, redirect_uris=...,
    ).json  # fmt: skip
    secret, now = body["client_secret"], deps.clock.now() // 1000
    assert len(secret) >= 64
    form = assertion(body["client_id"], {"alg": alg}, OctKey.import_key(secret), now)
    assert 200 == web.post("/token", data=form).status_code
    wrong = assertion(body["client_id"], {"alg": alg}, OctKey.import_key(secret[::-1]), now + 1)
    assert 401 == web.post("/token", data=wrong).status_code
    with deps.read() as connection:
        kept = [tuple(row) for table in metadata.sorted_tables for row in connection.execute(select(table))]
    assert secret not in repr(kept)
    assert secret.encode() not in b"".join(value for row in kept for value in row if isinstance(value, bytes))
    assert f"client secret {body['client_id']}" in repr(kept)


def test_keys_may_be_published_instead_of_sent(deps: Deps, web: FlaskClient) -> None:
    """Module oidcc-registration-jwks-uri: they are fetched when an assertion comes."""
    key = ECKey.generate_key("P-256", {"kid": "k"})
    uri = "https://jeu.example.fr/jwks"
    published = json.dumps({"keys": [key.as_dict(private=False)]}).encode()
    cast(QuietOutbound, deps.outbound).answers[uri] = OutboundAnswer(200, published, {})
    body = register(
        deps, web, token_endpoint_auth_method="private_key_jwt", jwks_uri=uri, grant_types=["client_credentials"],
        redirect_uris=...,
    ).json  # fmt: skip
    assert "client_secret" not in body
    assert [] == cast(QuietOutbound, deps.outbound).calls
    form = assertion(body["client_id"], {"alg": "ES256", "kid": "k"}, key, deps.clock.now() // 1000)
    assert 200 == web.post("/token", data=form).status_code


def test_a_profile_is_the_invitations(deps: Deps, web: FlaskClient) -> None:
    """What it demands is checked as for an entry of clients.yaml: FAPI 2.0 takes no secret."""
    token = invite(deps, profile="fapi2_security")
    assert "invalid_client_metadata" == register(deps, web, token).json["error"]
    body = register(deps, web, token, token_endpoint_auth_method="private_key_jwt", jwks=JWKS).json
    client = find_client(deps, body["client_id"])
    assert client is not None
    assert ("fapi2_security", "PS256") == (client.profile, body["id_token_signed_response_alg"])
