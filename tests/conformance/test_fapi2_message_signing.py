"""The FAPI 2.0 Message Signing Final plan: what it adds to the Security Profile's modules, one test a module."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.conformance.fapi import ASSERTION, FapiClient, Variant, fapi_client
from tests.conformance.suite import challenge
from tests.conformance.target import Target

VARIANTS = [Variant("signing", "key", "dpop"), Variant("signing", "tls", "tls", jarm=True)]
REFUSED = ("invalid_request", "invalid_request_object")


@pytest.fixture(params=VARIANTS, ids=str)
def client(request: pytest.FixtureRequest, target: Target) -> Iterator[FapiClient]:
    with fapi_client(target, request.param) as client:
        yield client


def seconds_from_now(seconds: int) -> int:
    return int(time.time()) + seconds


def inside_fails(client: FapiClient, **changes: Any) -> None:
    """The pushed request object is refused; without the change the same is accepted, so it is the change."""
    assert client.push(inside=changes).error in REFUSED
    assert client.push().answer.status_code == 201


def test_fapi2_security_profile_final_ensure_request_object_with_multiple_aud_succeeds(client: FapiClient) -> None:
    """RFC 9101 section 4: aud may be an array that has the issuer."""
    client.tokens(inside={"aud": ["https://other1.example.com", client.target.issuer, "invalid"]})


def test_fapi2_security_profile_final_ensure_request_object_with_nbf_8_seconds_in_the_future_is_accepted(
    client: FapiClient,
) -> None:
    """FAPI 2.0 Security Profile 5.3.2.1 item 14."""
    client.tokens(inside={"nbf": seconds_from_now(8), "iat": seconds_from_now(8)})


def test_fapi2_security_profile_final_ensure_different_nonce_inside_and_outside_request_object(
    client: FapiClient,
) -> None:
    """RFC 9101 section 6.3: what is inside counts."""
    pushed = client.push(outside={"nonce": secrets.token_urlsafe(8)})
    assert client.id_token(client.tokens(pushed))["nonce"] == pushed.sent["nonce"]


def test_fapi2_security_profile_final_ensure_different_state_inside_and_outside_request_object(
    client: FapiClient,
) -> None:
    pushed = client.push(outside={"state": secrets.token_urlsafe(8)})
    client.code(pushed, state=secrets.token_urlsafe(8))


def test_fapi2_security_profile_final_ensure_request_object_without_exp_fails(client: FapiClient) -> None:
    """FAPI 2.0 Message Signing 5.3.1."""
    inside_fails(client, exp=None)


def test_fapi2_security_profile_final_ensure_request_object_without_nbf_fails(client: FapiClient) -> None:
    inside_fails(client, nbf=None)


def test_fapi2_security_profile_final_state_only_outside_request_object_not_used(client: FapiClient) -> None:
    pushed = client.push(state=None, outside={"state": secrets.token_urlsafe(8)})
    client.code(pushed, state=secrets.token_urlsafe(8))


def test_fapi2_security_profile_final_ensure_request_object_without_redirect_uri_fails(client: FapiClient) -> None:
    assert client.push(redirect_uri=None, outside={"redirect_uri": client.callback}).error in REFUSED


def test_fapi2_security_profile_final_ensure_expired_request_object_fails(client: FapiClient) -> None:
    inside_fails(client, exp=seconds_from_now(-300), nbf=seconds_from_now(-600), iat=seconds_from_now(-600))


def test_fapi2_security_profile_final_ensure_request_object_with_bad_aud_fails(client: FapiClient) -> None:
    inside_fails(client, aud="https://another.example/")


def test_fapi2_security_profile_final_ensure_request_object_with_exp_over_60_fails(client: FapiClient) -> None:
    """FAPI 2.0 Message Signing 5.3.1: exp at most sixty minutes after nbf."""
    inside_fails(client, exp=seconds_from_now(70 * 60))


def test_fapi2_security_profile_final_ensure_request_object_with_nbf_over_60_fails(client: FapiClient) -> None:
    """FAPI 2.0 Message Signing 5.3.1: nbf at most sixty minutes ago."""
    inside_fails(client, nbf=seconds_from_now(-70 * 60), iat=seconds_from_now(-70 * 60), exp=seconds_from_now(60))


def test_fapi2_security_profile_final_ensure_signed_request_object_with_rs256_fails(client: FapiClient) -> None:
    """FAPI 2.0 Security Profile 5.4.1. The suite signs with the client's own key; a client with an EC key cannot, so
    the header claims RS256 over a key that is not registered."""
    key = RSAKey.generate_key(2048, private=True)
    claims = client.parameters(code_challenge=challenge()[1])
    now = seconds_from_now(0)
    signed = jwt.encode(
        {"alg": "RS256", "kid": str(client.key.kid)},
        {**claims, "iss": client.client_id, "aud": client.target.issuer, "nbf": now, "exp": now + 60},
        key,
        algorithms=["RS256"],
    )
    assert client.push(request=signed).error in REFUSED


def test_fapi2_security_profile_final_ensure_request_object_signature_algorithm_is_not_none(
    client: FapiClient,
) -> None:
    """RFC 9101 section 10.2 d."""
    now = seconds_from_now(0)
    claims = {
        **client.parameters(code_challenge=challenge()[1]),
        "iss": client.client_id,
        "aud": client.target.issuer,
        "nbf": now,
        "exp": now + 60,
    }
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "none"}, claims)
    ]
    assert client.push(request=".".join([*parts, ""])).error in REFUSED


def test_fapi2_security_profile_final_ensure_request_object_with_invalid_signature_fails(client: FapiClient) -> None:
    signed = client.request_object(client.parameters(code_challenge=challenge()[1]))
    head, _, signature = signed.rpartition(".")
    changed = f"{head}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    assert client.push(request=changed).error in REFUSED


def test_fapi2_security_profile_final_ensure_unsigned_request_at_par_endpoint_fails(client: FapiClient) -> None:
    """FAPI 2.0 Message Signing 5.3.1: only signed request objects."""
    form = {**client.parameters(code_challenge=challenge()[1]), **client.proof()}
    answer = client.post("pushed_authorization_request_endpoint", form)
    assert (answer.status_code, answer.json()["error"] in REFUSED) == (400, True)


def test_fapi2_security_profile_final_ensure_unsigned_authorization_request_without_using_par_fails(
    client: FapiClient,
) -> None:
    """FAPI 2.0 Security Profile 5.3.2.2 item 1."""
    query = urlencode(client.parameters(code_challenge=challenge()[1]))
    arrival = client.visitor().go(f"{client.metadata['authorization_endpoint']}?{query}")
    assert ("code" in arrival.parameters, arrival.asked) == (False, ())


def test_fapi2_security_profile_final_ensure_signed_client_assertion_with_rs256_fails(target: Target) -> None:
    """FAPI 2.0 Security Profile 5.4.1."""
    with fapi_client(target, VARIANTS[0]) as client:
        now = seconds_from_now(0)
        claims = {
            "iss": client.client_id,
            "sub": client.client_id,
            "aud": target.issuer,
            "exp": now + 60,
            "jti": secrets.token_urlsafe(8),
        }
        key = RSAKey.generate_key(2048, private=True)
        assertion = jwt.encode({"alg": "RS256", "kid": str(client.key.kid)}, claims, key, algorithms=["RS256"])
        assert client.push(assertion=assertion).error == "invalid_client"
        assert client.proof()["client_assertion_type"] == ASSERTION
