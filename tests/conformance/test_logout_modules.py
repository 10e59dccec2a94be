"""What the RP-Initiated and Back-Channel Logout modules ask, against a suite that really receives the tokens."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.conformance.running import SuiteServer, running, suite_server, target_under
from tests.conformance.suite import Arrival, Suite, Visitor, suite_of
from tests.conformance.target import Target

EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SuiteServer]:
    with suite_server(tmp_path_factory.mktemp("suite")) as server:
        yield server


@pytest.fixture(scope="module")
def target(receiver: SuiteServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    made = target_under(tmp_path_factory.mktemp("l"), receiver.server_address[1], receiver.ca)
    with running(made, IDP_BCRYPT_COST="4") as target:
        yield target


@pytest.fixture
def suite(target: Target, receiver: SuiteServer) -> Iterator[Suite]:
    receiver.logout_tokens.clear()
    with suite_of(target) as suite:
        yield suite


def sign_out(suite: Suite, visitor: Visitor, **parameters: str | None) -> Arrival:
    sent = {name: value for name, value in parameters.items() if value is not None}
    return visitor.go(f"{suite.metadata['end_session_endpoint']}?{urlencode(sent)}")


def back(suite: Suite) -> str:
    return f"https://localhost:{suite.target.suite_port}/test/a/mire/post_logout_redirect"


def is_signed_out(suite: Suite, visitor: Visitor) -> bool:
    return visitor.go(suite.request(prompt="none")).parameters.get("error") == "login_required"


def test_oidcc_rp_initiated_logout(suite: Suite) -> None:
    visitor = suite.visitor()
    tokens, _ = suite.signed_in(visitor)
    arrival = sign_out(
        suite, visitor, id_token_hint=tokens["id_token"], post_logout_redirect_uri=back(suite), state="the state"
    )
    assert (arrival.address, arrival.parameters) == (f"{back(suite)}?state=the+state", {"state": "the state"})
    assert is_signed_out(suite, visitor)


def test_oidcc_rp_initiated_logout_no_state(suite: Suite) -> None:
    visitor = suite.visitor()
    tokens, _ = suite.signed_in(visitor)
    arrival = sign_out(suite, visitor, id_token_hint=tokens["id_token"], post_logout_redirect_uri=back(suite))
    assert (arrival.address, arrival.parameters) == (back(suite), {})


@pytest.mark.parametrize("change", ["/other", "?foo=bar"], ids=["bad-post-logout-redirect-uri", "query-added"])
def test_oidcc_rp_initiated_logout_redirects_to_no_other_address(suite: Suite, change: str) -> None:
    visitor = suite.visitor()
    tokens, _ = suite.signed_in(visitor)
    arrival = sign_out(suite, visitor, id_token_hint=tokens["id_token"], post_logout_redirect_uri=back(suite) + change)
    assert arrival.address.startswith(suite.target.issuer)


def modified(token: str) -> str:
    return re.sub(r"\.([^.])([^.]*)$", lambda found: f".{'A' if found.group(1) != 'A' else 'B'}{found.group(2)}", token)


def test_oidcc_rp_initiated_logout_modified_id_token_hint(suite: Suite) -> None:
    visitor = suite.visitor()
    tokens, _ = suite.signed_in(visitor)
    arrival = sign_out(suite, visitor, id_token_hint=modified(tokens["id_token"]), post_logout_redirect_uri=back(suite))
    assert arrival.address.startswith(suite.target.issuer)


def test_oidcc_rp_initiated_logout_bad_id_token_hint(suite: Suite) -> None:
    visitor = suite.visitor()
    suite.signed_in(visitor)
    arrival = sign_out(suite, visitor, id_token_hint="bad", post_logout_redirect_uri=back(suite), state="s")
    assert arrival.address.startswith(suite.target.issuer)


@pytest.mark.parametrize("parameters", ["no-params", "only-state", "no-id-token-hint", "no-post-logout-redirect-uri"])
def test_oidcc_rp_initiated_logout_without_some_parameters(suite: Suite, parameters: str) -> None:
    visitor = suite.visitor()
    tokens, _ = suite.signed_in(visitor)
    sent: dict[str, str | None] = {
        "no-params": {},
        "only-state": {"state": "s"},
        "no-id-token-hint": {"post_logout_redirect_uri": back(suite), "state": "s"},
        "no-post-logout-redirect-uri": {"id_token_hint": tokens["id_token"], "state": "s"},
    }[parameters]  # type: ignore[assignment]
    assert sign_out(suite, visitor, **sent).address.startswith(suite.target.issuer)
    assert is_signed_out(suite, visitor)


def test_oidcc_backchannel_rp_initiated_logout(suite: Suite, receiver: SuiteServer) -> None:
    visitor = suite.visitor()
    tokens, claims = suite.signed_in(visitor)
    sign_out(suite, visitor, id_token_hint=tokens["id_token"], post_logout_redirect_uri=back(suite), state="s")
    (token,) = receiver.wait_for_logout_tokens(1)
    keys = KeySet.import_key_set(suite.http.get(suite.metadata["jwks_uri"]).json())
    decoded = jwt.decode(token, keys, algorithms=["RS256"])
    told = decoded.claims
    assert decoded.header["typ"] == "logout+jwt"
    assert (told["iss"], told["aud"], told["sid"]) == (suite.target.issuer, suite.client["client_id"], claims["sid"])
    assert told["sub"] == claims["sub"]
    assert told["events"] == {EVENT: {}}
    assert "nonce" not in told
    assert abs(told["iat"] - time.time()) < 60
    assert told["exp"] - told["iat"] <= 120
    assert told["jti"]


def test_oidcc_backchannel_logout_discovery(suite: Suite) -> None:
    told = suite.metadata
    assert (told["backchannel_logout_supported"], told["backchannel_logout_session_supported"]) == (True, True)


def test_every_client_of_the_session_is_told(suite: Suite, target: Target, receiver: SuiteServer) -> None:
    visitor = suite.visitor()
    tokens, _ = suite.signed_in(visitor)
    with suite_of(target, client="client2") as other:
        assert visitor.go(other.request()).asked == ()
    sign_out(suite, visitor, id_token_hint=tokens["id_token"], post_logout_redirect_uri=back(suite))
    keys = KeySet.import_key_set(suite.http.get(suite.metadata["jwks_uri"]).json())
    told = [jwt.decode(token, keys, algorithms=["RS256"]).claims for token in receiver.wait_for_logout_tokens(2)]
    assert {each["aud"] for each in told} == {"conformance-client-secret-basic-1", "conformance-client-secret-basic-2"}
    assert len({each["sid"] for each in told}) == 2
