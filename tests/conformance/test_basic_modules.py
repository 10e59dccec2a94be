"""What the suite's Basic, Form Post and redirect modules ask, through nginx, in a browser without script."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.conformance.running import running, target_under
from tests.conformance.suite import Suite, challenge, flat, suite_of
from tests.conformance.target import Target

PROVEN = ("client_secret_basic", "client_secret_post", "private_key_jwt")


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with running(target_under(tmp_path_factory.mktemp("c")), IDP_BCRYPT_COST="4") as target:
        yield target


@pytest.fixture
def suite(target: Target) -> Iterator[Suite]:
    with suite_of(target) as suite:
        yield suite


@pytest.mark.parametrize("method", PROVEN)
def test_oidcc_server(target: Target, method: str) -> None:
    with suite_of(target, method) as suite:
        nonce = "n-0S6_WzA2Mj"
        arrival = suite.visitor().go(suite.request(nonce=nonce, state="the state"))
        assert arrival.parameters["state"] == "the state"
        tokens = suite.exchange(arrival)
        claims = suite.id_token(tokens)
        assert (claims["nonce"], suite.userinfo(tokens)["sub"]) == (nonce, claims["sub"])
        assert tokens["token_type"] == "Bearer"


def test_oidcc_response_type_missing(suite: Suite) -> None:
    arrival = suite.visitor().go(suite.request(response_type=None))
    assert arrival.parameters["error"] == "invalid_request"


def test_oidcc_userinfo_in_its_three_forms(suite: Suite) -> None:
    tokens, claims = suite.signed_in(suite.visitor())
    endpoint, bearer = suite.metadata["userinfo_endpoint"], {"Authorization": f"Bearer {tokens['access_token']}"}
    answers = [
        suite.http.get(endpoint, headers=bearer),
        suite.http.post(endpoint, headers=bearer),
        suite.http.post(endpoint, data={"access_token": tokens["access_token"]}),
    ]
    assert [(answer.status_code, answer.json()["sub"]) for answer in answers] == [(200, claims["sub"])] * 3


def test_oidcc_ensure_request_without_nonce_succeeds(suite: Suite) -> None:
    _, claims = suite.signed_in(suite.visitor(), nonce=None)
    assert "nonce" not in claims


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("openid profile", {"name", "given_name", "family_name", "updated_at", "locale"}),
        ("openid email", {"email", "email_verified"}),
        ("openid phone", {"phone_number", "phone_number_verified"}),
        ("openid address", set()),
        ("openid profile email phone address", {"name", "email", "phone_number"}),
    ],
)
def test_oidcc_scope(suite: Suite, scope: str, expected: set[str]) -> None:
    tokens, _ = suite.signed_in(suite.visitor(), scope=scope)
    told = suite.userinfo(tokens)
    assert expected <= set(told)
    assert ("email" in told) == ("email" in scope)
    assert isinstance(told.get("updated_at", 0), int)


@pytest.mark.parametrize("display", ["page", "popup"])
def test_oidcc_display(suite: Suite, display: str) -> None:
    suite.signed_in(suite.visitor(), display=display)


def test_oidcc_prompt_login_asks_again_and_is_later(suite: Suite) -> None:
    visitor = suite.visitor()
    _, first = suite.signed_in(visitor)
    arrival = visitor.go(suite.request(prompt="login"))
    assert arrival.asked == ("/sign-in",)
    again = suite.id_token(suite.exchange(arrival))
    assert (again["sub"], again["auth_time"] >= first["auth_time"]) == (first["sub"], True)


def test_oidcc_prompt_none_not_logged_in(suite: Suite) -> None:
    arrival = suite.visitor().go(suite.request(prompt="none"))
    assert (arrival.parameters["error"], arrival.asked) == ("login_required", ())


def test_oidcc_prompt_none_logged_in(suite: Suite) -> None:
    visitor = suite.visitor()
    _, first = suite.signed_in(visitor)
    arrival = visitor.go(suite.request(prompt="none"))
    again = suite.id_token(suite.exchange(arrival))
    assert (arrival.asked, again["sub"], again["auth_time"]) == ((), first["sub"], first["auth_time"])


def test_oidcc_max_age_10000_asks_nothing(suite: Suite) -> None:
    visitor = suite.visitor()
    _, first = suite.signed_in(visitor, max_age="10000")
    arrival = visitor.go(suite.request(max_age="10000"))
    assert (arrival.asked, suite.id_token(suite.exchange(arrival))["auth_time"]) == ((), first["auth_time"])


def test_oidcc_max_age_0_asks_again(suite: Suite) -> None:
    visitor = suite.visitor()
    suite.signed_in(visitor)
    assert visitor.go(suite.request(max_age="0")).asked == ("/sign-in",)


@pytest.mark.parametrize(
    "extra",
    [
        {"extra": "foobar"},
        {"ui_locales": "se"},
        {"claims_locales": "se"},
        {"acr_values": "1 2"},
        {"login_hint": "buffy@localhost"},
    ],
    ids=lambda extra: next(iter(extra)),
)
def test_oidcc_parameters_that_change_nothing(suite: Suite, extra: dict[str, str]) -> None:
    suite.signed_in(suite.visitor(), **extra)


def test_oidcc_id_token_hint(suite: Suite) -> None:
    visitor = suite.visitor()
    tokens, first = suite.signed_in(visitor)
    arrival = visitor.go(suite.request(prompt="none", id_token_hint=tokens["id_token"]))
    assert suite.id_token(suite.exchange(arrival))["sub"] == first["sub"]


def test_oidcc_codereuse_is_refused_and_ends_what_it_gave(suite: Suite) -> None:
    arrival = suite.visitor().go(suite.request())
    tokens = suite.exchange(arrival)
    again = suite.token(grant_type="authorization_code", code=suite.code(arrival), redirect_uri=suite.callback)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert suite.http.get(suite.metadata["userinfo_endpoint"], headers=bearer).status_code == 401


@pytest.mark.parametrize("change", ["/elsewhere", "?foo=bar", "#fragment"])
def test_oidcc_ensure_registered_redirect_uri(suite: Suite, change: str) -> None:
    arrival = suite.visitor().go(suite.request(redirect_uri=suite.callback + change))
    assert (arrival.address.startswith(suite.target.issuer), arrival.asked) == (True, ())


def test_oidcc_ensure_redirect_uri_in_authorization_request(suite: Suite) -> None:
    arrival = suite.visitor().go(suite.request(redirect_uri=None))
    assert (arrival.address.startswith(suite.target.issuer), arrival.asked) == (True, ())


def test_oidcc_redirect_uri_query_ok_and_mismatch(suite: Suite) -> None:
    registered = f"{suite.callback}?dummy1=lorem&dummy2=ipsum"
    arrival = suite.visitor().go(suite.request(redirect_uri=registered))
    assert (arrival.parameters["dummy1"], arrival.parameters["dummy2"]) == ("lorem", "ipsum")
    suite.exchange(arrival, redirect_uri=registered)
    other = suite.visitor().go(suite.request(redirect_uri=f"{suite.callback}?dummy1=lorem&dummy2=other"))
    assert other.address.startswith(suite.target.issuer)


def test_oidcc_ensure_post_request_succeeds(suite: Suite) -> None:
    endpoint, _, query = suite.request().partition("?")
    arrival = suite.visitor().go(endpoint, method="POST", form=flat(query))
    suite.exchange(arrival)


@pytest.mark.parametrize("parameter", ["request", "request_uri"])
def test_oidcc_request_objects_are_refused_as_unsupported(suite: Suite, parameter: str) -> None:
    given = unsigned_request(suite) if parameter == "request" else "https://localhost:8443/request.jwt"
    arrival = suite.visitor().go(suite.request(**{parameter: given}))
    assert arrival.parameters["error"] == f"{parameter}_not_supported"


def unsigned_request(suite: Suite) -> str:
    key = ECKey.generate_key("P-256", private=True)
    claims = {"redirect_uri": suite.callback, "client_id": suite.client["client_id"], "response_type": "code"}
    return jwt.encode({"alg": "ES256"}, claims, key, algorithms=["ES256"])


def test_oidcc_claims_essential(suite: Suite) -> None:
    wanted = json.dumps({"userinfo": {"name": {"essential": True}}})
    tokens, _ = suite.signed_in(suite.visitor(), claims=wanted)
    assert suite.userinfo(tokens)["name"]


def test_oidcc_refresh_token(suite: Suite) -> None:
    visitor = suite.visitor()
    arrival = visitor.go(suite.request(scope="openid profile email phone offline_access", prompt="consent"))
    tokens = suite.exchange(arrival)
    answer = suite.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert answer.status_code == 200, answer.text
    refreshed = suite.id_token(answer.json())
    first = suite.id_token(tokens)
    assert [refreshed[name] for name in ("sub", "auth_time", "aud")] == [
        first[name] for name in ("sub", "auth_time", "aud")
    ]
    assert suite.userinfo(answer.json())["sub"] == first["sub"]


def test_a_refresh_token_is_worth_nothing_to_the_second_client(target: Target, suite: Suite) -> None:
    tokens, _ = suite.signed_in(suite.visitor())
    with suite_of(target, client="client2") as other:
        answer = other.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_code_is_worth_nothing_to_the_second_client(target: Target, suite: Suite) -> None:
    arrival = suite.visitor().go(suite.request())
    with suite_of(target, client="client2") as other:
        answer = other.token(grant_type="authorization_code", code=suite.code(arrival), redirect_uri=suite.callback)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_oidcc_ensure_request_with_valid_pkce_succeeds(suite: Suite) -> None:
    verifier, sent = challenge()
    arrival = suite.visitor().go(suite.request(code_challenge=sent, code_challenge_method="S256"))
    suite.exchange(arrival, code_verifier=verifier)


def test_a_public_client_signs_in_with_pkce_and_not_without(target: Target) -> None:
    with suite_of(target, "none") as suite:
        verifier, sent = challenge()
        arrival = suite.visitor().go(suite.request(code_challenge=sent, code_challenge_method="S256"))
        suite.exchange(arrival, code_verifier=verifier)
        assert suite.visitor().go(suite.request()).parameters["error"] == "invalid_request"


@pytest.mark.parametrize("method", PROVEN)
def test_form_post(target: Target, method: str) -> None:
    with suite_of(target, method) as suite:
        arrival = suite.visitor().go(suite.request(response_mode="form_post", state="the state"))
        assert (arrival.address, arrival.parameters["state"]) == (suite.callback, "the state")
        suite.exchange(arrival)


def test_form_post_carries_errors_too(suite: Suite) -> None:
    arrival = suite.visitor().go(suite.request(response_mode="form_post", prompt="none"))
    assert (arrival.address, arrival.parameters["error"]) == (suite.callback, "login_required")


def test_oidcc_discovery_endpoint_verification(suite: Suite) -> None:
    told = suite.metadata
    assert told["issuer"] == suite.target.issuer
    assert set(PROVEN) | {"none"} == set(told["token_endpoint_auth_methods_supported"])
    assert "RS256" in told["id_token_signing_alg_values_supported"]
    assert (told["request_parameter_supported"], told["request_uri_parameter_supported"]) == (False, False)
    assert [name for name in told if name.endswith("_endpoint") and not told[name].startswith("https://")] == []


def test_the_person_needs_one_page_and_its_form_works_without_script(suite: Suite) -> None:
    assert suite.visitor().go(suite.request()).asked == ("/sign-in",)
