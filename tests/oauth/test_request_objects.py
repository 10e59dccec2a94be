"""Signed authorization requests, by value and by reference (RFC 9101); beside each refusal the request that passes."""

from __future__ import annotations

import base64
import json
from typing import Any, cast

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from werkzeug.test import TestResponse

from idp.adapters.logs import QuietLog
from idp.adapters.outbound import OutboundAnswer, OutboundFailure, OutboundRefusal, QuietOutbound
from idp.domain.platform.instants import SECOND
from idp.domain.platform.keys import SigningAlgorithm
from idp.domain.portals.clients import ClientAuthentication
from idp.domain.portals.profiles import Profile
from idp.store.database import Database
from tests.portals import ISSUER, Browser, Gateway, error, gateway, members, portal, request_of

KEY = ECKey.generate_key("P-256", {"kid": "k1"}, private=True)
OTHER = ECKey.generate_key("P-256", {"kid": "k1"}, private=True)
RSA = RSAKey.generate_key(2048, {"kid": "r1"}, private=True)
JWKS = {"keys": [KEY.as_dict(private=False), RSA.as_dict(private=False)]}
ADDRESS = "https://portail.example.fr/request.jwt"
KEYS: dict[str, Any] = {
    "token_endpoint_auth_method": ClientAuthentication.PRIVATE_KEY_JWT,
    "jwks": JWKS,
    "request_uris": (ADDRESS,),
}
MINUTES = 60


@pytest.fixture
def at(database: Database) -> Gateway:
    return gateway(
        database,
        portal(**KEYS),
        portal("strict", **KEYS, require_signed_request_object=True, request_object_signing_alg=SigningAlgorithm.ES256),
        portal("fapi", **KEYS, profile=Profile.FAPI2_MESSAGE_SIGNING),
        portal("keyless"),
    )


@pytest.fixture
def browser(at: Gateway) -> Browser:
    browser = at.browser()
    browser.has_session()
    return browser


def claims_of(browser: Browser, client_id: str = "portail", **changes: Any) -> dict[str, Any]:
    now = browser.deps.clock.now() // SECOND
    claims = {
        **request_of(client_id=client_id),
        "iss": client_id,
        "aud": ISSUER,
        "iat": now,
        "nbf": now,
        "exp": now + 300,
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def signed(claims: dict[str, Any], key: Any = KEY, alg: str = "ES256", **header: str) -> str:
    return jwt.encode({"alg": alg, "kid": "k1", **header}, claims, key, algorithms=[alg])


def unsigned(claims: dict[str, Any]) -> str:
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "none"}, claims)
    ]
    return ".".join([*parts, ""])


def send(browser: Browser, text: str, client_id: str = "portail", **outside: Any) -> TestResponse:
    """As OpenID Connect Core section 6.1 wants it outside."""
    beside = request_of(client_id=client_id, state=None, nonce=None)
    return browser.http.get("/authorize", query_string={**beside, **outside, "request": text})


def test_what_is_signed_is_what_is_asked(browser: Browser) -> None:
    """RFC 9101 section 6.3: only what is inside counts."""
    told = members(send(browser, signed(claims_of(browser, state="inside")), state="outside"))
    assert told["state"] == "inside"
    assert "code" in told


def test_a_state_that_is_only_outside_is_not_used(browser: Browser) -> None:
    told = members(send(browser, signed(claims_of(browser, state=None)), state="outside"))
    assert "state" not in told


def test_a_transaction_keeps_what_was_signed(at: Gateway) -> None:
    browser = at.browser()
    sent = send(browser, signed(claims_of(browser, "strict", state="kept")), "strict")
    transaction_id = sent.headers["Location"].partition("t=")[2].partition("&")[0]
    browser.has_session()
    browser.signs_in(transaction_id)
    assert members(browser.resume(transaction_id))["state"] == "kept"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"iss": "somebody"}, "iss"),
        ({"client_id": "keyless"}, "client_id inside"),
        ({"client_id": None}, "no client_id inside"),
        ({"aud": "https://another.example"}, "aud"),
        ({"aud": ["https://another.example"]}, "aud"),
        ({"exp": 1}, "expired"),
        ({"exp": "soon"}, "not a number"),
        ({"nbf": 2**39}, "not yet"),
        ({"request": "x"}, "nested"),
        ({"request_uri": ADDRESS}, "nested"),
        ({"sub": "portail"}, "an assertion"),
    ],
)
def test_an_object_that_is_not_for_this_is_refused(browser: Browser, changes: dict[str, Any], why: str) -> None:
    """RFC 9101 sections 4, 5 and 10.8."""
    assert error(send(browser, signed(claims_of(browser, **changes)))) == "invalid_request_object", why
    assert "code" in members(send(browser, signed(claims_of(browser))))


def test_several_audiences_are_fine_when_we_are_among_them(browser: Browser) -> None:
    """RFC 9101 section 4."""
    assert "code" in members(send(browser, signed(claims_of(browser, aud=["https://a.example", ISSUER]))))


def test_only_the_client_signs_its_requests(browser: Browser) -> None:
    """RFC 9101 section 6.2: somebody else's key, nobody's, a changed object, an HMAC under the public key."""
    claims = claims_of(browser)
    good = signed(claims)
    head, _, signature = good.rpartition(".")
    public = OctKey.import_key(KEY.as_dict(private=False)["x"])  # not its PEM, which joserfc refuses as a secret
    from_public = jwt.encode({"alg": "HS256"}, claims, public, algorithms=["HS256"])
    for forged in (
        signed(claims, OTHER),
        unsigned(claims),
        f"{head}.{'A' * len(signature)}",
        from_public,
        "x",
        "a.b.c",
    ):
        assert error(send(browser, forged)) == "invalid_request_object"
    assert "code" in members(send(browser, good))


def test_a_client_assertion_is_no_request(browser: Browser) -> None:
    """RFC 9101 section 10.8: one kind of token does not pass for another."""
    claims = claims_of(browser)
    for kind in ("at+jwt", "logout+jwt", "dpop+jwt"):
        assert error(send(browser, signed(claims, typ=kind))) == "invalid_request_object"
    assert "code" in members(send(browser, signed(claims, typ="oauth-authz-req+jwt")))


def test_a_registered_algorithm_is_the_only_one(browser: Browser) -> None:
    """Registration 2: request_object_signing_alg."""
    by_rsa = signed(claims_of(browser, "strict"), RSA, "RS256", kid="r1")
    assert error(send(browser, by_rsa, "strict")) == "invalid_request_object"
    assert "code" in members(send(browser, signed(claims_of(browser, "strict")), "strict"))
    assert "code" in members(send(browser, signed(claims_of(browser), RSA, "RS256", kid="r1")))


def test_a_client_without_keys_signs_nothing(browser: Browser) -> None:
    assert error(send(browser, signed(claims_of(browser, "keyless")), "keyless")) == "invalid_request_object"


def test_a_client_may_demand_signed_requests(browser: Browser) -> None:
    """RFC 9101 section 10.5; a parameter of our own name does not help."""
    assert error(browser.authorize(client_id="strict", signed="yes")) == "invalid_request"


def test_a_wrong_address_inside_is_a_page(browser: Browser) -> None:
    """Nothing redirects to what was not registered, signed or not."""
    answer = send(browser, signed(claims_of(browser, redirect_uri="https://evil.example/")), redirect_uri=None)
    assert (answer.status_code, "Location" in answer.headers) == (400, False)


def test_without_a_registered_address_outside_a_refusal_is_a_page(browser: Browser) -> None:
    answer = send(browser, "rubbish", redirect_uri="https://evil.example/")
    assert (answer.status_code, "Location" in answer.headers) == (400, False)


def test_claims_and_numbers_travel_as_json_does(browser: Browser) -> None:
    """RFC 9101 section 4: JSON values stand for themselves."""
    wanted = {"id_token": {"acr": {"essential": True, "value": "unreachable"}}}
    told = members(send(browser, signed(claims_of(browser, claims=wanted, max_age=3600))))
    assert told["error"] == "unmet_authentication_requirements"


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"nbf": None},
        {"exp": 70 * MINUTES},
        {"nbf": -70 * MINUTES, "exp": 60},
        {"nbf": 90, "exp": 120},
    ],
)
def test_message_signing_bounds_the_life_of_a_request(at: Gateway, browser: Browser, changes: dict[str, Any]) -> None:
    """FAPI 2.0 Message Signing section 5.3.1: exp and nbf, at most 60 minutes apart, nbf at most 60 minutes ago."""
    now = browser.deps.clock.now() // SECOND
    moved = {name: None if seconds is None else now + seconds for name, seconds in changes.items()}
    assert error(send(browser, signed(claims_of(browser, "fapi", **moved)), "fapi")) == "invalid_request_object"
    # The control gets past the object, to the demand that it be pushed.
    assert error(send(browser, signed(claims_of(browser, "fapi")), "fapi")) == "invalid_request"


def reference(browser: Browser, address: str = ADDRESS, **outside: Any) -> TestResponse:
    beside = request_of(state=None, nonce=None)
    return browser.http.get("/authorize", query_string={**beside, **outside, "request_uri": address})


def test_a_registered_reference_is_fetched(at: Gateway, browser: Browser) -> None:
    """RFC 9101 section 5.2."""
    outbound = cast(QuietOutbound, at.deps.outbound)
    outbound.answers[ADDRESS] = OutboundAnswer(200, signed(claims_of(browser, state="fetched")).encode(), {})
    assert members(reference(browser))["state"] == "fetched"


def test_no_other_address_is_fetched(at: Gateway, browser: Browser) -> None:
    """RFC 9101 section 10.4.1: a request_uri is no way into our network."""
    outbound = cast(QuietOutbound, at.deps.outbound)
    for address in ("https://evil.example/", "http://127.0.0.1/", f"{ADDRESS}?x", f"{ADDRESS}#x", "file:///etc/passwd"):
        assert error(reference(browser, address)) == "invalid_request_uri"
    assert outbound.calls == []


def test_an_unreachable_reference_is_said_and_logged(at: Gateway, browser: Browser) -> None:
    """RFC 9101 section 7: invalid_request_uri, and the operator reads which host."""
    outbound = cast(QuietOutbound, at.deps.outbound)
    for answer in (OutboundFailure(OutboundRefusal.UNREACHABLE), OutboundAnswer(404, b"", {})):
        outbound.answers[ADDRESS] = answer
        assert error(reference(browser)) == "invalid_request_uri"
    lines = [fields for name, fields in cast(QuietLog, at.deps.log).lines if name == "request_uri.unavailable"]
    assert [line["host"] for line in lines] == ["portail.example.fr"] * 2


def test_one_of_both_is_sent(browser: Browser) -> None:
    """RFC 9101 section 5: request and request_uri are not used together."""
    answer = browser.http.get(
        "/authorize", query_string={**request_of(), "request": signed(claims_of(browser)), "request_uri": ADDRESS}
    )
    assert error(answer) == "invalid_request"
