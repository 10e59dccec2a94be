"""What an assertion must be, profile by profile (RFC 7523, FAPI 2.0 Security Profile section 5.3.2.1)."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from idp.domain.platform.instants import to_seconds
from idp.domain.portals.clients import Client, ClientAuthentication, HmacAlgorithm, SecretDigest
from idp.domain.portals.profiles import Profile
from idp.domain.portals.registry_content import make_registry
from idp.store.database import Database
from idp.usecases.deps import Deps
from tests.oauth.assertions import JWKS, RSA, asserting, claims_of, encoded, mac, signed
from tests.oauth.conftest import ISSUER, PARTNERS, SECRET, basic, partner, secret
from tests.quiet import quiet_app, quiet_deps

LONG_SECRET = SECRET + "-and-another-sixteen-bytes"
FAPI = ("fapi2_security", "fapi2_message_signing")


def by_key(client_id: str, **values: Any) -> Client:
    return partner(
        client_id, secrets=(), jwks=JWKS, token_endpoint_auth_method=ClientAuthentication.PRIVATE_KEY_JWT, **values
    )


def by_secret(client_id: str, text: str, **values: Any) -> Client:
    kept = SecretDigest(secret(text).digest, "env:SECRET", text)
    return partner(client_id, secrets=(kept,), token_endpoint_auth_method=ClientAuthentication.SECRET_JWT, **values)


SIGNERS = [
    by_key("oidc"),
    *(by_key(name, profile=Profile(name)) for name in FAPI),
    by_secret("hmac", LONG_SECRET),
    by_secret("hmac-short", SECRET),
    by_secret("hmac-384", LONG_SECRET, token_endpoint_auth_signing_alg=HmacAlgorithm.HS384),
    partner("fapi-by-secret", profile=Profile.FAPI2_SECURITY),
    partner("forgotten", token_endpoint_auth_method=ClientAuthentication.SECRET_JWT),
]


@pytest.fixture
def deps(database: Database) -> Deps:
    registry = make_registry(ISSUER, [*PARTNERS, *SIGNERS], [])
    return quiet_deps(database, registry=lambda: registry)


def introspected(web: FlaskClient, assertion: str) -> int:
    status: int = asserting(web, assertion, "/introspect", token="x").status_code
    return status


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA"])
@pytest.mark.parametrize("profile", ["oidc", *FAPI])
def test_fapi_clients_do_not_sign_with_rs256(deps: Deps, web: FlaskClient, profile: str, alg: str) -> None:
    """FAPI 2.0 Security Profile section 5.4.1: PS256, ES256 or EdDSA."""
    refused = alg == "RS256" and profile in FAPI
    assert (401 if refused else 200) == introspected(web, signed(claims_of(deps, profile), alg))


AUDIENCES: list[tuple[Any, bool, bool]] = [
    (ISSUER, True, True),
    (f"{ISSUER}/token", True, False),
    (f"{ISSUER}/introspect", True, False),
    (f"{ISSUER}/par", False, False),
    ([ISSUER], True, False),
    ([f"{ISSUER}/token"], True, False),
    ([ISSUER, f"{ISSUER}/token"], False, False),
    ([ISSUER, "https://evil.example"], False, False),
    ([[ISSUER]], False, False),
    ([], False, False),
    (f"{ISSUER}/", False, False),
    (ISSUER.upper(), False, False),
    ("", False, False),
]


@pytest.mark.parametrize(("audience", "oidc", "fapi"), AUDIENCES, ids=str)
def test_the_audience_is_what_the_profile_says(
    deps: Deps, web: FlaskClient, audience: Any, oidc: bool, fapi: bool
) -> None:
    """RFC 7523 section 3 item 3; FAPI 2.0 Security Profile section 5.3.2.1 item 8: the issuer as a string."""
    found = [introspected(web, signed(claims_of(deps, name, aud=audience))) == 200 for name in ("oidc", *FAPI)]
    assert [oidc, fapi, fapi] == found


@pytest.mark.parametrize("name", ["iat", "nbf"])
@pytest.mark.parametrize(("seconds", "status"), [(8, 200), (10, 200), (60, 401), (90, 401)])
@pytest.mark.parametrize("profile", ["oidc", "fapi2_security"])
def test_a_clock_may_be_ten_seconds_ahead_and_not_sixty(
    deps: Deps, web: FlaskClient, profile: str, name: str, seconds: int, status: int
) -> None:
    """FAPI 2.0 Security Profile section 5.3.2.1 item 13."""
    changes = {name: to_seconds(deps.clock.now()) + seconds}
    assert status == introspected(web, signed(claims_of(deps, profile, **changes)))


@pytest.mark.parametrize(
    ("profile", "seconds", "status"),
    [
        ("oidc", 3_600, 200),
        ("oidc", 3_700, 401),
        ("oidc", -300, 401),
        ("fapi2_security", 600, 200),
        ("fapi2_security", 700, 401),
        ("fapi2_security", 3_600, 401),
        ("fapi2_security", -300, 401),
    ],
)
def test_an_assertion_lives_no_longer_than_its_profile_says(
    deps: Deps, web: FlaskClient, profile: str, seconds: int, status: int
) -> None:
    """RFC 7523 section 3 item 4: neither dead nor unreasonably far in the future."""
    expires = to_seconds(deps.clock.now()) + seconds
    assert status == introspected(web, signed(claims_of(deps, profile, exp=expires)))


@pytest.mark.parametrize("changes", [{"sub": None}, {"iss": None}, {"iss": "portal"}, {"jti": None}, {"exp": None}])
@pytest.mark.parametrize("profile", ["oidc", "fapi2_security"])
def test_issuer_subject_jti_and_end_are_all_there(
    deps: Deps, web: FlaskClient, profile: str, changes: dict[str, Any]
) -> None:
    """RFC 7523 section 3 items 1, 2, 4; OpenID Connect Core section 9: iss and sub are the client, jti is required."""
    assert 401 == introspected(web, signed(claims_of(deps, profile, **changes)))
    assert 200 == introspected(web, signed(claims_of(deps, profile))), "the control"


def test_an_assertion_used_at_one_endpoint_is_spent_at_every_other(deps: Deps, web: FlaskClient) -> None:
    """RFC 7523 section 3 item 7."""
    assertion = signed(claims_of(deps, "oidc"))
    assert 200 == introspected(web, assertion)
    assert [401, 401] == [asserting(web, assertion, path, token="x").status_code for path in ("/token", "/revoke")]
    assert 200 == asserting(web, signed(claims_of(deps, "oidc", jti="j2")), "/revoke", token="x").status_code


def test_a_secret_lets_no_fapi_client_in(web: FlaskClient) -> None:
    """FAPI 2.0 Security Profile section 5.3.2.1 item 6: also when it registered before it had this profile."""
    answers = [
        web.post("/introspect", data={"token": "x"}, headers=basic(name)) for name in ("fapi-by-secret", "portal")
    ]
    assert [401, 200] == [answer.status_code for answer in answers]


@pytest.mark.parametrize("alg", list(HmacAlgorithm))
def test_a_secret_signs_assertions_when_it_is_long_enough(deps: Deps, web: FlaskClient, alg: str) -> None:
    """RFC 7518 section 3.2: a key as long as the hash output or longer."""
    assert 200 == introspected(web, mac(claims_of(deps, "hmac"), LONG_SECRET.encode(), alg))
    short = introspected(web, mac(claims_of(deps, "hmac-short"), SECRET.encode(), alg))
    assert (200 if len(SECRET) >= HmacAlgorithm(alg).least else 401) == short


def test_a_secret_signs_with_the_one_registered_algorithm(deps: Deps, web: FlaskClient) -> None:
    """OpenID Connect Dynamic Client Registration section 2: token_endpoint_auth_signing_alg."""
    made = [mac(claims_of(deps, "hmac-384"), LONG_SECRET.encode(), alg) for alg in ("HS256", "HS384")]
    assert [401, 200] == [introspected(web, assertion) for assertion in made]


def test_another_secret_signs_nothing(deps: Deps, web: FlaskClient) -> None:
    """RFC 7523 section 3 item 9."""
    assert 401 == introspected(web, mac(claims_of(deps, "hmac"), b"x" * 64))
    assert 401 == introspected(web, mac(claims_of(deps, "forgotten"), SECRET.encode())), "only a digest is known"
    assert 401 == introspected(web, mac(claims_of(deps, "forgotten"), b"")), "and no secret is no secret"


def test_a_key_signs_nothing_for_a_client_of_a_secret(deps: Deps, web: FlaskClient) -> None:
    """RFC 8725 section 3.1: the client's method decides the kind of key."""
    assert 401 == introspected(web, signed(claims_of(deps, "hmac")))


def test_a_public_key_is_no_secret(deps: Deps, web: FlaskClient) -> None:
    """RFC 8725 section 2.1: HS256 under the bytes of a public RSA key."""
    for public in (RSA.as_pem(private=False), RSA.as_der(private=False)):
        assert 401 == introspected(web, mac(claims_of(deps, "oidc"), public, kid="rsa"))


def test_the_other_clients_secret_is_not_sent_in_the_open_either(web: FlaskClient) -> None:
    """OpenID Connect Core section 9: the registered method and no other."""
    answer = web.post("/introspect", data={"token": "x"}, headers=basic("hmac", LONG_SECRET))
    assert 401 == answer.status_code


@pytest.mark.parametrize(
    "header",
    [
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/chain"},
        {"kid": "../../etc/passwd"},
        {"kid": "x' OR '1'='1"},
        {"kid": ["ec"]},
        {"kid": {"a": 1}},
        {"kid": 7},
    ],
    ids=str,
)
def test_no_header_leads_to_another_key(deps: Deps, web: FlaskClient, header: dict[str, Any]) -> None:
    """RFC 8725 sections 3.9 and 3.10: kid is a name among our keys, jku and x5u are never followed."""
    stranger = type(RSA).generate_key(2048, parameters={"kid": "rsa"})
    assert 401 == introspected(web, signed(claims_of(deps, "oidc"), "PS256", stranger, **header))
    assert [] == deps.outbound.calls  # type: ignore[attr-defined]


@pytest.mark.parametrize("header", [{"jku": "https://evil.example/keys"}, {"x5u": "https://evil.example/c"}])
def test_a_header_that_names_keys_elsewhere_is_not_looked_at(
    deps: Deps, web: FlaskClient, header: dict[str, str]
) -> None:
    """RFC 8725 section 3.10: an honest signature beside it still counts, and nobody is called."""
    assert 200 == introspected(web, signed(claims_of(deps, "oidc"), **header))
    assert [] == deps.outbound.calls  # type: ignore[attr-defined]


def test_a_client_id_that_differs_is_refused(deps: Deps, web: FlaskClient) -> None:
    """RFC 7521 section 4.2: client_id must identify the same client as the assertion."""
    assertion = signed(claims_of(deps, "fapi2_security"))
    assert 401 == asserting(web, assertion, "/introspect", token="x", client_id="portal").status_code
    again = signed(claims_of(deps, "fapi2_security", jti="j2"))
    assert 200 == asserting(web, again, "/introspect", token="x", client_id="fapi2_security").status_code


@pytest.mark.parametrize("alg", [["ES256"], {"ES256": 1}, None, 7, True, "es256", "ES256 ", "ES256\u0000", "x" * 40])
@pytest.mark.parametrize("client_id", ["oidc", "hmac"])
def test_an_alg_that_is_no_name_of_ours_is_refused(deps: Deps, web: FlaskClient, client_id: str, alg: Any) -> None:
    """RFC 7515 section 4.1.1, RFC 8725 section 3.1: whatever JSON the header holds."""
    forged = b".".join((encoded({"alg": alg, "kid": "ec"}), encoded(claims_of(deps, client_id)), encoded(b"x" * 64)))
    assert 401 == introspected(web, forged.decode())


def test_an_assertion_over_mutual_tls_names_the_address_that_was_called(database: Database) -> None:
    """RFC 8705 section 5: the endpoint called is the alias; FAPI still wants the issuer."""
    registry, alias = make_registry(ISSUER, SIGNERS, []), "https://mtls.connexion.example.fr"
    deps = quiet_deps(database, registry=lambda: registry, mtls_issuer=alias)
    web = quiet_app(deps).test_client()
    statuses = [introspected(web, signed(claims_of(deps, name, aud=f"{alias}/introspect"))) for name in ("oidc", *FAPI)]
    assert [200, 401, 401] == statuses
