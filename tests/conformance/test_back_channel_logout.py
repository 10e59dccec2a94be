"""The Back-Channel Logout plan, against a suite that really receives the tokens."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet

from tests.conformance.running import SuiteServer
from tests.conformance.suite import Suite, suite_of

EVENT = "http://schemas.openid.net/event/backchannel-logout"


def received(suite: Suite, receiver: SuiteServer, count: int) -> list[Mapping[str, Any]]:
    """The claims of the logout tokens, once there are so many and each is signed by us."""
    keys = KeySet.import_key_set(suite.http.get(suite.metadata["jwks_uri"]).json())
    decoded = [jwt.decode(token, keys, algorithms=["RS256"]) for token in receiver.wait_for_logout_tokens(count)]
    assert {token.header["typ"] for token in decoded} == {"logout+jwt"}
    return [token.claims for token in decoded]


def test_oidcc_backchannel_logout_discovery_endpoint_verification(suite: Suite) -> None:
    told = suite.metadata
    assert (told["backchannel_logout_supported"], told["backchannel_logout_session_supported"]) == (True, True)


def test_oidcc_backchannel_rp_initiated_logout(suite: Suite, receiver: SuiteServer) -> None:
    """OpenID Connect Back-Channel Logout 1.0 sections 2.4 and 2.5."""
    visitor = suite.visitor()
    tokens, claims = suite.signed_in(visitor)
    suite.sign_out(visitor, id_token_hint=tokens["id_token"], post_logout_redirect_uri=suite.back, state="s")
    (told,) = received(suite, receiver, 1)
    assert (told["iss"], told["aud"], told["sid"]) == (suite.target.issuer, suite.client["client_id"], claims["sid"])
    assert told["sub"] == claims["sub"]
    assert told["events"] == {EVENT: {}}
    assert "nonce" not in told
    assert abs(told["iat"] - time.time()) < 60
    assert told["exp"] - told["iat"] <= 120
    assert told["jti"]


def test_every_client_of_the_session_is_told(suite: Suite, receiver: SuiteServer) -> None:
    visitor = suite.visitor()
    tokens, _ = suite.signed_in(visitor)
    with suite_of(suite.target, client="client2") as other:
        assert visitor.go(other.request()).asked == ()
    suite.sign_out(visitor, id_token_hint=tokens["id_token"], post_logout_redirect_uri=suite.back)
    told = received(suite, receiver, 2)
    assert {each["aud"] for each in told} == {"conformance-client-secret-basic-1", "conformance-client-secret-basic-2"}
    assert len({each["sid"] for each in told}) == 2
