"""The Basic plan and, with response_mode=form_post, the Form Post plan, in a browser without script."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

import pytest

from tests.conformance.suite import Arrival, Suite, challenge, flat, suite_of
from tests.conformance.target import Target

PROVEN = ("client_secret_basic", "client_secret_post", "private_key_jwt")
OFFLINE = "openid profile email phone offline_access"


@pytest.fixture(params=[None, "form_post"], ids=["basic", "form_post"])
def response_mode(request: pytest.FixtureRequest) -> str | None:
    mode: str | None = request.param
    return mode


@pytest.fixture
def suite(target: Target, response_mode: str | None) -> Iterator[Suite]:
    with suite_of(target, response_mode=response_mode) as suite:
        yield suite


def scoped(suite: Suite, scope: str) -> Mapping[str, Any]:
    """What userinfo tells for this scope; the ID token of a code flow repeats none of it (Core 5.4)."""
    tokens, claims = suite.signed_in(suite.visitor(), scope=scope)
    assert {"name", "email", "phone_number", "address"} & set(claims) == set()
    return suite.userinfo(tokens)


def changes_nothing(suite: Suite, **extra: str) -> None:
    """The request succeeds as it would without."""
    suite.signed_in(suite.visitor(), **extra)


def shown_by_the_gateway(suite: Suite, arrival: Arrival) -> bool:
    """An error page, nothing asked, nothing sent anywhere."""
    return arrival.address.startswith(suite.target.issuer) and arrival.asked == ()


@pytest.mark.parametrize("method", PROVEN)
def test_oidcc_server(target: Target, method: str, response_mode: str | None) -> None:
    """Core 3.1: state, nonce, iss and at_hash come back right, whatever way the client proves itself."""
    with suite_of(target, method, response_mode=response_mode) as suite:
        arrival = suite.visitor().go(suite.request(nonce="n-0S6_WzA2Mj", state="the state"))
        assert (arrival.parameters["state"], arrival.asked) == ("the state", ("/sign-in",))
        tokens = suite.exchange(arrival)
        claims = suite.id_token(tokens)
        assert (claims["nonce"], suite.userinfo(tokens)["sub"]) == ("n-0S6_WzA2Mj", claims["sub"])
        assert tokens["token_type"].lower() == "bearer"


def test_oidcc_response_type_missing(suite: Suite) -> None:
    """RFC 6749 section 4.1.2.1."""
    arrival = suite.visitor().go(suite.request(response_type=None))
    assert arrival.parameters["error"] in ("invalid_request", "unsupported_response_type")


def test_oidcc_idtoken_signature(suite: Suite) -> None:
    """Core 3.1.3.7: a kid of our JWKS, and the signature by that very key."""
    tokens, _ = suite.signed_in(suite.visitor())
    keys = suite.http.get(suite.metadata["jwks_uri"]).json()["keys"]
    kid = suite.header(tokens["id_token"])["kid"]
    assert [key["kty"] for key in keys if key["kid"] == kid] == ["RSA"]


def test_oidcc_idtoken_unsigned(suite: Suite) -> None:
    """Core 2: unsigned ID tokens are not announced, so the module is skipped; and none is ever made."""
    assert "none" not in suite.metadata["id_token_signing_alg_values_supported"]
    tokens, _ = suite.signed_in(suite.visitor())
    assert suite.header(tokens["id_token"])["alg"] == "RS256"


def test_oidcc_userinfo_get(suite: Suite) -> None:
    """Core 5.3.1."""
    tokens, claims = suite.signed_in(suite.visitor())
    answer = suite.http.get(suite.metadata["userinfo_endpoint"], headers=suite.bearer(tokens))
    assert (answer.status_code, answer.json()["sub"]) == (200, claims["sub"])


def test_oidcc_userinfo_post_header(suite: Suite) -> None:
    """RFC 6750 section 2.1."""
    tokens, claims = suite.signed_in(suite.visitor())
    answer = suite.http.post(suite.metadata["userinfo_endpoint"], headers=suite.bearer(tokens))
    assert (answer.status_code, answer.json()["sub"]) == (200, claims["sub"])


def test_oidcc_userinfo_post_body(suite: Suite) -> None:
    """RFC 6750 section 2.2."""
    tokens, claims = suite.signed_in(suite.visitor())
    answer = suite.http.post(suite.metadata["userinfo_endpoint"], data={"access_token": tokens["access_token"]})
    assert (answer.status_code, answer.json()["sub"]) == (200, claims["sub"])


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(suite: Suite) -> None:
    """Core 3.1.2.1: nonce is optional."""
    _, claims = suite.signed_in(suite.visitor(), nonce=None)
    assert "nonce" not in claims


def test_oidcc_scope_profile(suite: Suite) -> None:
    """Core 5.4."""
    told = scoped(suite, "openid profile")
    assert {"name", "given_name", "family_name", "updated_at", "locale"} <= set(told)
    assert isinstance(told["updated_at"], int)
    assert {"email", "phone_number"} & set(told) == set()


def test_oidcc_scope_email(suite: Suite) -> None:
    told = scoped(suite, "openid email")
    assert isinstance(told["email_verified"], bool)
    assert {"name", "phone_number"} & set(told) == set()


def test_oidcc_scope_address(suite: Suite) -> None:
    """`address` is not announced: the scope is ignored, the sign-in succeeds."""
    assert "address" not in suite.metadata["scopes_supported"]
    assert set(scoped(suite, "openid address")) == {"sub"}


def test_oidcc_scope_phone(suite: Suite) -> None:
    told = scoped(suite, "openid phone")
    assert isinstance(told["phone_number_verified"], bool)
    assert {"name", "email"} & set(told) == set()


def test_oidcc_scope_all(suite: Suite) -> None:
    assert {"name", "email", "phone_number"} <= set(scoped(suite, "openid profile email phone address"))


def test_oidcc_alternate_happy_flow(suite: Suite) -> None:
    """The order of scopes and of parameters means nothing."""
    address, _, query = suite.request(scope="email openid").partition("?")
    arrival = suite.visitor().go(f"{address}?{'&'.join(reversed(query.split('&')))}")
    assert "email" in suite.userinfo(suite.exchange(arrival))


def test_oidcc_display_page(suite: Suite) -> None:
    changes_nothing(suite, display="page")


def test_oidcc_display_popup(suite: Suite) -> None:
    changes_nothing(suite, display="popup")


def test_oidcc_prompt_login(suite: Suite) -> None:
    """Core 3.1.2.1: asked again though signed in, and auth_time says so."""
    visitor = suite.visitor()
    _, first = suite.signed_in(visitor)
    suite.target.age_sessions(5)
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


def test_oidcc_max_age_1(suite: Suite) -> None:
    """Core 3.1.2.1: an older sign-in than that does not do; the new one is told with auth_time."""
    visitor = suite.visitor()
    suite.signed_in(visitor)
    suite.target.age_sessions(5)
    stale = suite.id_token(suite.exchange(visitor.go(suite.request(prompt="none"))))
    arrival = visitor.go(suite.request(max_age="1"))
    assert arrival.asked == ("/sign-in",)
    again = suite.id_token(suite.exchange(arrival))
    assert (again["sub"], again["auth_time"] > stale["auth_time"]) == (stale["sub"], True)


def test_oidcc_max_age_10000(suite: Suite) -> None:
    visitor = suite.visitor()
    _, first = suite.signed_in(visitor)
    arrival = visitor.go(suite.request(max_age="10000"))
    assert (arrival.asked, suite.id_token(suite.exchange(arrival))["auth_time"]) == ((), first["auth_time"])


def test_oidcc_ensure_request_with_unknown_parameter_succeeds(suite: Suite) -> None:
    """RFC 6749 section 3.1: unrecognised parameters are ignored."""
    changes_nothing(suite, extra="foobar")


def test_oidcc_id_token_hint(suite: Suite) -> None:
    visitor = suite.visitor()
    tokens, first = suite.signed_in(visitor)
    arrival = visitor.go(suite.request(prompt="none", id_token_hint=tokens["id_token"]))
    assert suite.id_token(suite.exchange(arrival))["sub"] == first["sub"]


def test_oidcc_login_hint(suite: Suite) -> None:
    changes_nothing(suite, login_hint="buffy@localhost")


def test_oidcc_ui_locales(suite: Suite) -> None:
    changes_nothing(suite, ui_locales="se")


def test_oidcc_claims_locales(suite: Suite) -> None:
    changes_nothing(suite, claims_locales="se")


def test_oidcc_ensure_request_with_acr_values_succeeds(suite: Suite) -> None:
    """acr_values is voluntary (Core 3.1.2.1); the acr reached is told."""
    _, claims = suite.signed_in(suite.visitor(), acr_values="1 2")
    assert claims["acr"]


def test_oidcc_codereuse(suite: Suite) -> None:
    """RFC 6749 section 4.1.2: refused, and what it gave is worth nothing any more."""
    arrival = suite.visitor().go(suite.request())
    suite.exchange(arrival)
    again = suite.token(grant_type="authorization_code", code=suite.code(arrival), redirect_uri=suite.callback)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_oidcc_codereuse_30seconds(suite: Suite) -> None:
    """The same half a minute later; the first access token must then be refused too."""
    arrival = suite.visitor().go(suite.request())
    tokens = suite.exchange(arrival)
    suite.target.age_codes(30)
    again = suite.token(grant_type="authorization_code", code=suite.code(arrival), redirect_uri=suite.callback)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    answer = suite.http.get(suite.metadata["userinfo_endpoint"], headers=suite.bearer(tokens))
    assert answer.status_code == 401


@pytest.mark.parametrize("change", ["/elsewhere", "?foo=bar", "#fragment"])
def test_oidcc_ensure_registered_redirect_uri(suite: Suite, change: str) -> None:
    """RFC 9700 section 4.1.3: compared as text; a page says so, nothing redirects."""
    assert shown_by_the_gateway(suite, suite.visitor().go(suite.request(redirect_uri=suite.callback + change)))


def test_oidcc_ensure_post_request_succeeds(suite: Suite) -> None:
    """Core 3.1.2.1: /authorize by POST."""
    endpoint, _, query = suite.request().partition("?")
    suite.exchange(suite.visitor().go(endpoint, method="POST", form=flat(query)))


def test_oidcc_server_client_secret_post(target: Target, response_mode: str | None) -> None:
    """Core 9."""
    with suite_of(target, "client_secret_post", response_mode=response_mode) as suite:
        suite.signed_in(suite.visitor())


def test_oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(suite: Suite) -> None:
    """Core 6.2: an address nobody registered is not fetched."""
    arrival = suite.visitor().go(suite.request(request_uri=f"{suite.origin}/request.jwt"))
    assert arrival.parameters["error"] in ("request_uri_not_supported", "invalid_request_uri")


def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(suite: Suite) -> None:
    """Core 6.1: unsigned request objects are not announced, and refused."""
    assert "none" not in suite.metadata.get("request_object_signing_alg_values_supported", [])
    arrival = suite.visitor().go(suite.request(request=suite.unsigned({"redirect_uri": suite.callback})))
    assert arrival.parameters["error"] in ("request_not_supported", "invalid_request_object")


def test_oidcc_claims_essential(suite: Suite) -> None:
    """Core 5.5.1."""
    wanted = json.dumps({"userinfo": {"name": {"essential": True}}})
    tokens, _ = suite.signed_in(suite.visitor(), claims=wanted)
    assert suite.userinfo(tokens)["name"]


def test_oidcc_ensure_request_object_with_redirect_uri(target: Target, response_mode: str | None) -> None:
    """Core 6.1: a signed request object that says everything succeeds, or request objects are not supported."""
    with suite_of(target, "private_key_jwt", response_mode=response_mode) as suite:
        arrival = suite.visitor().go(suite.request_by_value())
        if suite.metadata["request_parameter_supported"]:
            suite.exchange(arrival)
        else:
            assert arrival.parameters["error"] == "request_not_supported"


def test_oidcc_refresh_token(suite: Suite) -> None:
    """Core 12.2: the same subject, audience and auth_time; worth nothing to the second client."""
    tokens = suite.exchange(suite.visitor().go(suite.request(scope=OFFLINE, prompt="consent")))
    with suite_of(suite.target, client="client2") as other:
        stolen = other.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    answer = suite.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert answer.status_code == 200, answer.text
    refreshed, first = suite.id_token(answer.json()), suite.id_token(tokens)
    assert [refreshed[name] for name in ("sub", "auth_time", "aud")] == [
        first[name] for name in ("sub", "auth_time", "aud")
    ]
    assert suite.userinfo(answer.json())["sub"] == first["sub"]


def test_oidcc_ensure_request_with_valid_pkce_succeeds(suite: Suite) -> None:
    """RFC 7636 section 4."""
    verifier, sent = challenge()
    arrival = suite.visitor().go(suite.request(code_challenge=sent, code_challenge_method="S256"))
    suite.exchange(arrival, code_verifier=verifier)


def test_a_code_is_worth_nothing_to_the_second_client(suite: Suite) -> None:
    arrival = suite.visitor().go(suite.request())
    with suite_of(suite.target, client="client2") as other:
        answer = other.token(grant_type="authorization_code", code=suite.code(arrival), redirect_uri=suite.callback)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_public_client_signs_in_with_pkce_and_not_without(target: Target) -> None:
    with suite_of(target, "none") as suite:
        verifier, sent = challenge()
        arrival = suite.visitor().go(suite.request(code_challenge=sent, code_challenge_method="S256"))
        suite.exchange(arrival, code_verifier=verifier)
        assert suite.visitor().go(suite.request()).parameters["error"] == "invalid_request"


def test_errors_are_posted_too(target: Target) -> None:
    with suite_of(target, response_mode="form_post") as suite:
        arrival = suite.visitor().go(suite.request(prompt="none"))
        assert (arrival.address, arrival.parameters["error"]) == (suite.callback, "login_required")


def test_who_uses_another_account_comes_back_as_that_one(suite: Suite) -> None:
    """Not a module: prompt=select_account, and the person takes the way to the sign-in page."""
    visitor = suite.visitor()
    _, first = suite.signed_in(visitor)
    page = visitor.http.get(suite.request(prompt="select_account"), follow_redirects=True)
    again = re.search(r'href="(/sign-in\?t=[^"]+)"', page.text)
    assert again
    arrival = visitor.go(f"{suite.target.issuer}{unescape(again.group(1))}")
    assert arrival.asked[0] == "/sign-in"
    assert suite.id_token(suite.exchange(arrival))["sub"] == first["sub"]
