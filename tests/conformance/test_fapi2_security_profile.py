"""The FAPI 2.0 Security Profile Final plan, one test a module, with clients of both profiles.

The happy flow runs in every variant there is; the others in those that differ where the module looks. Modules that the
suite itself does not apply to the plain profile (they belong to one country's ecosystem) are mirrored by what is ours.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey

from tests.conformance.fapi import SCOPE, SECURITY, SIGNING, FapiClient, Variant, fapi_client
from tests.conformance.target import Target

ALL = [
    Variant("security", "key", "dpop"),
    Variant("security", "tls", "tls"),
    Variant("signing", "key", "dpop", jarm=True),
    Variant("signing", "tls", "tls"),
]
BY_DPOP = [variant for variant in ALL if variant.binding == "dpop"]
BY_KEY = [variant for variant in ALL if variant.authentication == "key"]
LIFE_OF_A_CODE = 61


@pytest.fixture(params=ALL, ids=str)
def client(request: pytest.FixtureRequest, target: Target) -> Iterator[FapiClient]:
    with fapi_client(target, request.param) as client:
        yield client


@pytest.fixture
def second(client: FapiClient) -> Iterator[FapiClient]:
    """The second client of the same variant."""
    with fapi_client(client.target, client.variant, 2) as second:
        yield second


def only(variants: list[Variant]) -> Any:
    """The module applies to these variants alone."""
    return pytest.mark.parametrize("client", variants, indirect=True, ids=str)


def refused(answer: httpx.Response, *errors: str) -> None:
    """An OAuth error as JSON, with the status that goes with it."""
    assert answer.headers["Content-Type"].startswith("application/json"), answer.text
    error = answer.json()["error"]
    assert error in errors, answer.text
    assert answer.status_code == (401 if error == "invalid_client" else 400)


def no_answer(client: FapiClient, request_uri: str, **others: str) -> None:
    """A page of the gateway, or an error at the redirect URI; never a code."""
    assert "code" not in client.authorize(request_uri, **others).parameters


def test_fapi2_security_profile_final_discovery_end_point_verification(client: FapiClient) -> None:
    """FAPI 2.0 Security Profile 5.3.2.1: what a FAPI client looks for in the metadata."""
    told = client.metadata
    assert told["authorization_response_iss_parameter_supported"] is True
    assert "S256" in told["code_challenge_methods_supported"]
    assert told["pushed_authorization_request_endpoint"].startswith("https://")
    assert {"private_key_jwt", "tls_client_auth"} <= set(told["token_endpoint_auth_methods_supported"])
    assert {"PS256", "ES256"} <= set(told["token_endpoint_auth_signing_alg_values_supported"])
    assert {"PS256", "ES256"} <= set(told["dpop_signing_alg_values_supported"])
    assert "RS256" not in told["dpop_signing_alg_values_supported"]
    assert {"PS256", "ES256"} <= set(told["request_object_signing_alg_values_supported"])
    assert {"PS256", "ES256"} <= set(told["authorization_signing_alg_values_supported"])
    assert "jwt" in told["response_modes_supported"]
    assert told["tls_client_certificate_bound_access_tokens"] is True
    assert {"token_endpoint", "pushed_authorization_request_endpoint"} <= set(told["mtls_endpoint_aliases"])


@only([*SECURITY, *SIGNING])
def test_fapi2_security_profile_final_happy_flow(client: FapiClient) -> None:
    """Every variant: pushed, authenticated, redeemed, presented; the ID token and the resource name the same person."""
    tokens = client.tokens()
    claims = client.id_token(tokens)
    answer = client.resource(tokens)
    assert (answer.status_code, answer.json()["sub"]) == (200, claims["sub"])


def test_fapi2_security_profile_final_user_rejects_authentication(client: FapiClient) -> None:
    """RFC 6749 section 4.1.2.1: the person cancels, the client hears access_denied."""
    pushed = client.push()
    arrival = client.cancel(pushed.request_uri)
    assert (arrival.parameters["error"], arrival.parameters["state"]) == ("access_denied", pushed.sent["state"])


def test_fapi2_security_profile_final_ensure_authorization_request_without_state_success(client: FapiClient) -> None:
    pushed = client.push(state=None)
    client.tokens(pushed)


def test_fapi2_security_profile_final_ensure_authorization_request_without_nonce_success(client: FapiClient) -> None:
    assert "nonce" not in client.id_token(client.tokens(nonce=None))


def test_fapi2_security_profile_final_ensure_authorization_request_with_64_char_nonce_success(
    client: FapiClient,
) -> None:
    nonce = secrets.token_hex(32)
    assert client.id_token(client.tokens(nonce=nonce))["nonce"] == nonce


def test_fapi2_security_profile_final_ensure_other_scope_order_succeeds(client: FapiClient) -> None:
    client.tokens(scope=" ".join(reversed(SCOPE.split())))


def test_fapi2_security_profile_final_test_claims_parameter_identity_claims(client: FapiClient) -> None:
    """OpenID Connect Core 5.5: asked claims are told where they are asked, unknown ones ignored."""
    wanted: dict[str, Any] = {
        "name": None,
        "email": {"essential": True},
        secrets.token_hex(4): None,
        secrets.token_hex(4): {"value": "x"},
    }
    tokens = client.tokens(claims=json.dumps({"id_token": wanted, "userinfo": wanted}))
    assert {"name", "email"} <= set(client.id_token(tokens))
    assert {"name", "email"} <= set(client.resource(tokens).json())


def test_fapi2_security_profile_final_access_token_type_header_case_sensitivity(client: FapiClient) -> None:
    """RFC 9110 section 11.1: the scheme's case means nothing."""
    tokens = client.tokens()
    scheme = "dPoP" if client.variant.binding == "dpop" else "bEaReR"
    assert client.resource(tokens, scheme=scheme).status_code == 200


@only(BY_DPOP)
def test_fapi2_security_profile_final_check_dpop_proof_nbf_exp(client: FapiClient) -> None:
    """Claims nobody asked for do no harm while they hold."""
    now = int(time.time())
    pushed = client.push()
    times = {"nbf": now, "exp": now + 300}
    answer = client.redeem(client.code(pushed), pushed.verifier, dpop=times)
    assert answer.status_code == 200, answer.text
    assert client.resource(answer.json(), **times).status_code == 200


@only(BY_DPOP)
def test_fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_before_succeeds(client: FapiClient) -> None:
    proof_made(client, -10)


@only(BY_DPOP)
def test_fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_after_succeeds(client: FapiClient) -> None:
    proof_made(client, +10)


def proof_made(client: FapiClient, seconds: int) -> None:
    """RFC 9449 section 4.3 item 11: clocks differ a little, at the token endpoint and at the resource."""
    pushed = client.push()
    code = client.code(pushed)
    answer = client.redeem(code, pushed.verifier, dpop={"iat": int(time.time()) + seconds})
    assert answer.status_code == 200, answer.text
    assert client.resource(answer.json(), iat=int(time.time()) + seconds).status_code == 200


@only(BY_DPOP)
def test_fapi2_security_profile_final_ensure_mismatched_dpop_jkt_fails(client: FapiClient) -> None:
    """RFC 9449 section 10.1: a proof at the pushing that is not by the key the request names."""
    other = ECKey.generate_key("P-256", private=True)
    pushed = client.push(dpop_jkt=other.thumbprint(), dpop={})
    assert pushed.error in ("invalid_request", "invalid_request_object", "invalid_dpop_proof")


@only(BY_DPOP)
def test_fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_proof_jkt(
    client: FapiClient,
) -> None:
    """RFC 9449 section 10.1: the code is bound to the key of the proof it was pushed with."""
    pushed = client.push(dpop={})
    code = client.code(pushed)
    client.dpop_key = ECKey.generate_key("P-256", private=True)
    refused(client.redeem(code, pushed.verifier), "invalid_grant", "invalid_dpop_proof")


@only(BY_DPOP)
def test_fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_jkt(client: FapiClient) -> None:
    """RFC 9449 section 10: the code is bound to the key that dpop_jkt names."""
    pushed = client.push(dpop_jkt=client.jkt)
    code = client.code(pushed)
    client.dpop_key = ECKey.generate_key("P-256", private=True)
    refused(client.redeem(code, pushed.verifier), "invalid_grant", "invalid_dpop_proof")


@only(BY_DPOP)
def test_fapi2_security_profile_final_ensure_dpopproof_at_par_endpoint_binding_success(client: FapiClient) -> None:
    client.tokens(client.push(dpop={}))


@only(BY_DPOP)
def test_fapi2_security_profile_final_ensure_dpop_auth_code_binding_success(client: FapiClient) -> None:
    client.tokens(client.push(dpop_jkt=client.jkt))


def test_fapi2_security_profile_final_ensure_authorization_request_with_long_nonce(client: FapiClient) -> None:
    """384 characters come back whole."""
    nonce = secrets.token_hex(192)
    assert client.id_token(client.tokens(nonce=nonce))["nonce"] == nonce


def test_fapi2_security_profile_final_ensure_authorization_request_with_long_state(client: FapiClient) -> None:
    client.tokens(client.push(state=secrets.token_hex(192)))


@only([variant for variant in ALL if variant.profile == "signing"])
def test_fapi2_security_profile_final_ensure_matching_key_in_authorization_request(
    client: FapiClient, second: FapiClient
) -> None:
    """RFC 9101 section 6.2: a request object for client 1 that client 2 signed."""
    parameters = client.parameters(code_challenge="x" * 43)
    now = int(time.time())
    claims = {**parameters, "iss": client.client_id, "aud": client.target.issuer, "nbf": now, "exp": now + 300}
    pushed = client.push(request=second.sign(claims))
    assert pushed.error in ("invalid_request", "invalid_request_object")


def test_fapi2_security_profile_final_ensure_registered_redirect_uri(client: FapiClient) -> None:
    """FAPI 2.0 5.3.2.2 item 8, RFC 9126 section 2.4: we keep to registered addresses for these clients too."""
    assert client.push(redirect_uri=f"{client.callback}/other").error == "invalid_request"


def test_fapi2_security_profile_final_plain_fapi_ensure_registered_redirect_uri(client: FapiClient) -> None:
    assert client.push(redirect_uri="https://localhost:8443/elsewhere").error == "invalid_request"


def test_fapi2_security_profile_final_ensure_redirect_uri_in_authorization_request(client: FapiClient) -> None:
    """FAPI 2.0 5.3.2.2: redirect_uri is demanded."""
    assert client.push(redirect_uri=None).error in ("invalid_request", "invalid_request_object")


def test_fapi2_security_profile_final_ensure_response_type_code_idtoken_fails(client: FapiClient) -> None:
    assert client.push(response_type="code id_token").error in ("unsupported_response_type", "invalid_request")


def test_fapi2_security_profile_final_ensure_response_type_token_fails(client: FapiClient) -> None:
    assert client.push(response_type="token").error in ("unsupported_response_type", "invalid_request")


def test_fapi2_security_profile_final_ensure_client_id_in_token_endpoint(
    client: FapiClient, second: FapiClient
) -> None:
    """The second client's name with the first one's proof."""
    pushed = client.push()
    code = client.code(pushed)
    other = {"client_id": second.client_id}
    refused(client.redeem(code, pushed.verifier, **other), "invalid_client", "invalid_grant")


def test_fapi2_security_profile_final_ensure_holder_of_key_required(client: FapiClient, target: Target) -> None:
    """FAPI 2.0 5.3.2.1 item 4: no proof of a key, no token."""
    pushed = client.push()
    code = client.code(pushed)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.callback,
        "code_verifier": pushed.verifier,
        **client.proof(),
    }
    if client.variant.binding == "dpop":
        answer = client.http.post(client.endpoint("token_endpoint"), data=form)
        refused(answer, "invalid_dpop_proof", "invalid_request")
    else:
        with fapi_client(target, Variant(client.variant.profile, "key", "dpop")) as bare:
            answer = bare.http.post(client.endpoint("token_endpoint"), data=form)
        refused(answer, "invalid_client", "invalid_request", "invalid_grant")


def test_fapi2_security_profile_final_ensure_authorization_code_is_bound_to_client(
    client: FapiClient, second: FapiClient
) -> None:
    pushed = client.push()
    refused(second.redeem(client.code(pushed), pushed.verifier), "invalid_grant")


def test_fapi2_security_profile_final_attempt_reuse_authorization_code_after_one_second(client: FapiClient) -> None:
    """RFC 6749 section 4.1.2: refused, and the first access token dies with it."""
    pushed = client.push()
    code = client.code(pushed)
    tokens = client.redeem(code, pushed.verifier).json()
    client.target.age_codes(1)
    refused(client.redeem(code, pushed.verifier), "invalid_grant")
    assert client.resource(tokens).status_code == 401


def test_fapi2_security_profile_final_ensure_token_endpoint_fails_with_expired_auth_code(client: FapiClient) -> None:
    """FAPI 2.0 5.3.2.1 item 12: sixty seconds at most."""
    pushed = client.push()
    code = client.code(pushed)
    client.target.age_codes(LIFE_OF_A_CODE)
    refused(client.redeem(code, pushed.verifier), "invalid_grant")


@only(BY_KEY)
def test_fapi2_security_profile_final_ensure_client_assertion_in_token_endpoint(client: FapiClient) -> None:
    """No assertion, no token."""
    pushed = client.push()
    code = client.code(pushed)
    answer = client.redeem(code, pushed.verifier, client_assertion="", client_assertion_type="")
    refused(answer, "invalid_client", "invalid_request")


@only(BY_KEY)
@pytest.mark.parametrize(
    "changes",
    [{"exp": -300, "iat": -600, "nbf": -600}],
    ids=["five-minutes-past"],
)
def test_fapi2_security_profile_final_ensure_client_assertion_with_exp_is_5_minutes_in_past_fails(
    client: FapiClient, changes: dict[str, int]
) -> None:
    pushed = client.push()
    now = int(time.time())
    assertion = client.assertion(**{name: now + seconds for name, seconds in changes.items()})
    refused(client.redeem(client.code(pushed), pushed.verifier, assertion=assertion), "invalid_client")


@only(BY_KEY)
def test_fapi2_security_profile_final_ensure_client_assertion_with_wrong_aud_fails(client: FapiClient) -> None:
    pushed = client.push()
    assertion = client.assertion(aud="https://another.example/")
    refused(client.redeem(client.code(pushed), pushed.verifier, assertion=assertion), "invalid_client")


@only(BY_KEY)
def test_fapi2_security_profile_final_ensure_client_assertion_with_no_sub_fails(client: FapiClient) -> None:
    pushed = client.push()
    assertion = client.assertion(sub=None)
    refused(client.redeem(client.code(pushed), pushed.verifier, assertion=assertion), "invalid_client")


@only(BY_DPOP)
def test_fapi2_security_profile_final_dpop_negative_tests(client: FapiClient) -> None:
    """RFC 9449 section 4.3, check by check, at the resource."""
    tokens = client.tokens()
    assert client.resource(tokens).status_code == 200
    now = int(time.time())
    for wrong in (
        {"jti": None},
        {"htm": None},
        {"htu": None},
        {"iat": None},
        {"ath": None},
        {"htm": "PUT"},
        {"htu": "https://another.example/userinfo"},
        {"ath": "AAAA"},
        {"iat": now - 3600},
        {"iat": now + 3600},
        {"key": ECKey.generate_key("P-256", private=True)},
    ):
        assert client.resource(tokens, **wrong).status_code in (400, 401), wrong
    assert client.resource(tokens, proof="not a token").status_code in (400, 401)
    assert client.resource(tokens, scheme="Bearer").status_code in (400, 401)
    url = client.endpoint("userinfo_endpoint")
    assert client.resource(tokens, htu=f"{url}?a=b#c").status_code == 200
    once = client.dpop("GET", url, token=tokens["access_token"])
    assert [client.resource(tokens, proof=once).status_code for _ in range(2)] == [200, 401]
    parts = once.split(".")
    assert client.resource(tokens, proof=f"{parts[0]}.{parts[1]}.{'A' * 86}").status_code in (400, 401)


def test_fapi2_security_profile_final_refresh_token(client: FapiClient, second: FapiClient) -> None:
    """FAPI 2.0 5.3.2.1 item 9: not rotated, and good for its client alone."""
    tokens = client.tokens()
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    for _ in range(2):
        answer = client.post("token_endpoint", {**form, **client.proof()}, dpop={})
        assert answer.status_code == 200, answer.text
        assert answer.json().get("refresh_token", tokens["refresh_token"]) == tokens["refresh_token"]
        assert client.resource(answer.json()).status_code == 200
    refused(second.post("token_endpoint", {**form, **second.proof()}, dpop={}), "invalid_grant")


def test_fapi2_security_profile_final_ensure_server_handles_non_matching_intent_id(
    client: FapiClient, second: FapiClient
) -> None:
    """The suite asks this of ecosystems with intents only; ours is the pushed request: it is its own client's."""
    pushed = client.push()
    no_answer(second, pushed.request_uri)


def test_fapi2_security_profile_final_test_essential_acr_sca_claim(client: FapiClient) -> None:
    """Asked of one ecosystem only; ours: an essential acr that nobody reaches is refused, never pretended."""
    claims = json.dumps({"id_token": {"acr": {"essential": True, "value": "urn:openbanking:psd2:sca"}}})
    pushed = client.push(claims=claims)
    if pushed.answer.status_code == 201:
        arrival = client.authorize(pushed.request_uri)
        assert arrival.parameters["error"] in ("unmet_authentication_requirements", "access_denied")
    else:
        assert pushed.error in ("unmet_authentication_requirements", "invalid_request")


def test_fapi2_security_profile_final_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds(
    client: FapiClient,
) -> None:
    """RFC 9126 section 7.3: a reload before anybody signed in."""
    pushed = client.push()
    client.look_at(pushed.request_uri)
    client.tokens(pushed)


def test_fapi2_security_profile_final_par_attempt_reuse_request_uri(client: FapiClient) -> None:
    """RFC 9126 section 7.3: after the answer it is worth nothing."""
    pushed = client.push()
    client.code(pushed)
    no_answer(client, pushed.request_uri)


def test_fapi2_security_profile_final_par_attempt_to_use_expired_request_uri(client: FapiClient) -> None:
    """RFC 9126 section 2.2."""
    pushed = client.push()
    client.target.age_pushed_requests(pushed.answer.json()["expires_in"] + 1)
    no_answer(client, pushed.request_uri)


@only(BY_KEY)
def test_fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted(
    client: FapiClient,
) -> None:
    """FAPI 2.0 5.3.2.1 item 14: clocks differ by up to ten seconds."""
    soon = int(time.time()) + 8
    client.tokens(client.push(assertion=client.assertion(iat=soon, nbf=soon)))


@only(BY_KEY)
def test_fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_over_60_seconds_in_the_future_fails(
    client: FapiClient,
) -> None:
    """FAPI 2.0 5.3.2.1 item 15."""
    later = int(time.time()) + 70
    assertion = client.assertion(iat=later, nbf=later, exp=later + 60)
    assert client.push(assertion=assertion).error == "invalid_client"


def test_fapi2_security_profile_final_par_attempt_to_use_request_uri_for_different_client(
    client: FapiClient, second: FapiClient
) -> None:
    """RFC 9126 section 4: bound to the client that pushed it."""
    no_answer(second, client.push().request_uri)


def test_fapi2_security_profile_final_par_authorization_request_containing_request_uri_form_param(
    client: FapiClient,
) -> None:
    """RFC 9126 section 2.1: request_uri is not pushed."""
    pushed = client.push(outside={"request_uri": "urn:ietf:params:oauth:request_uri:" + secrets.token_urlsafe(16)})
    assert pushed.error in ("invalid_request", "invalid_request_object")


@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_fapi2_security_profile_final_par_attempt_invalid_http_method(client: FapiClient, method: str) -> None:
    """RFC 9126 section 2.3."""
    url = client.endpoint("pushed_authorization_request_endpoint")
    assert client.http.request(method, url).status_code == 405


def test_fapi2_security_profile_final_par_ensure_pkce_required(client: FapiClient) -> None:
    """FAPI 2.0 5.3.2.2 item 5."""
    assert client.push(code_challenge=None, code_challenge_method=None).error == "invalid_request"


def test_fapi2_security_profile_final_ensure_pkce_code_verifier_required(client: FapiClient) -> None:
    pushed = client.push()
    refused(client.redeem(client.code(pushed), ""), "invalid_grant", "invalid_request")


def test_fapi2_security_profile_final_incorrect_pkce_code_verifier_rejected(client: FapiClient) -> None:
    pushed = client.push()
    refused(client.redeem(client.code(pushed), secrets.token_urlsafe(48)), "invalid_grant")


def test_fapi2_security_profile_final_par_plain_pkce_rejected(client: FapiClient) -> None:
    verifier = secrets.token_urlsafe(48)
    assert client.push(code_challenge=verifier, code_challenge_method="plain").error == "invalid_request"


def test_fapi2_security_profile_final_par_authorization_request_containing_request_uri(client: FapiClient) -> None:
    """A pushed request that is itself a reference (RFC 9126 section 2.1), inside what is signed too."""
    uri = "urn:ietf:params:oauth:request_uri:" + secrets.token_urlsafe(16)
    assert client.push(request_uri=uri).error in ("invalid_request", "invalid_request_object")


def test_fapi2_security_profile_final_par_without_duplicate_parameters(client: FapiClient) -> None:
    """FAPI 2.0 5.3.2.2 item 3: beside request_uri only client_id is needed."""
    client.tokens()


@only(BY_KEY)
def test_fapi2_security_profile_final_par_test_array_as_audience_fails(client: FapiClient) -> None:
    """FAPI 2.0 5.3.2.1 item 8: aud is a string."""
    url = client.metadata["pushed_authorization_request_endpoint"]
    for audience in ([client.target.issuer], [url, client.target.issuer]):
        assert client.push(assertion=client.assertion(aud=audience)).error == "invalid_client"


@only(BY_KEY)
def test_fapi2_security_profile_final_par_test_par_endpoint_url_as_audience_fails(client: FapiClient) -> None:
    url = client.metadata["pushed_authorization_request_endpoint"]
    assert client.push(assertion=client.assertion(aud=url)).error == "invalid_client"


@only(BY_KEY)
def test_fapi2_security_profile_final_par_test_token_endpoint_url_as_audience_fails(client: FapiClient) -> None:
    url = client.metadata["token_endpoint"]
    assert client.push(assertion=client.assertion(aud=url)).error == "invalid_client"
