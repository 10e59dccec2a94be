"""The RP-Initiated Logout plan (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

import re

from tests.conformance.suite import Suite


def modified(token: str) -> str:
    """One character of the signature is another."""
    return re.sub(r"\.([^.])([^.]*)$", lambda found: f".{'A' if found.group(1) != 'A' else 'B'}{found.group(2)}", token)


def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(suite: Suite) -> None:
    assert suite.metadata["end_session_endpoint"].startswith("https://")


def test_oidcc_rp_initiated_logout(suite: Suite) -> None:
    """Section 3: back at the portal with state, and signed out."""
    visitor = suite.visitor()
    tokens, _ = suite.signed_in(visitor)
    arrival = suite.sign_out(
        visitor, id_token_hint=tokens["id_token"], post_logout_redirect_uri=suite.back, state="the state"
    )
    assert (arrival.address, arrival.parameters) == (f"{suite.back}?state=the+state", {"state": "the state"})
    assert suite.is_signed_out(visitor)


def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(suite: Suite) -> None:
    """Section 3: no redirect to an address that is not registered."""
    stays_here(suite, post_logout_redirect_uri=f"{suite.back}/other")


def test_oidcc_rp_initiated_logout_modified_id_token_hint(suite: Suite) -> None:
    visitor = suite.visitor()
    tokens, _ = suite.signed_in(visitor)
    arrival = suite.sign_out(
        visitor, id_token_hint=modified(tokens["id_token"]), post_logout_redirect_uri=suite.back, state="s"
    )
    assert arrival.address.startswith(suite.target.issuer)


def test_oidcc_rp_initiated_logout_no_id_token_hint(suite: Suite) -> None:
    """Section 2: without a hint the person is asked, and nothing redirects."""
    visitor = suite.visitor()
    suite.signed_in(visitor)
    arrival = suite.sign_out(visitor, post_logout_redirect_uri=suite.back, state="s")
    assert arrival.address.startswith(suite.target.issuer)
    assert (arrival.asked != (), suite.is_signed_out(visitor)) == (True, True)


def test_oidcc_rp_initiated_logout_no_params(suite: Suite) -> None:
    visitor = suite.visitor()
    suite.signed_in(visitor)
    assert suite.sign_out(visitor).address.startswith(suite.target.issuer)
    assert suite.is_signed_out(visitor)


def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(suite: Suite) -> None:
    visitor = suite.visitor()
    tokens, _ = suite.signed_in(visitor)
    arrival = suite.sign_out(visitor, id_token_hint=tokens["id_token"], state="s")
    assert arrival.address.startswith(suite.target.issuer)
    assert suite.is_signed_out(visitor)


def test_oidcc_rp_initiated_logout_no_state(suite: Suite) -> None:
    visitor = suite.visitor()
    tokens, _ = suite.signed_in(visitor)
    arrival = suite.sign_out(visitor, id_token_hint=tokens["id_token"], post_logout_redirect_uri=suite.back)
    assert (arrival.address, arrival.parameters) == (suite.back, {})


def test_oidcc_rp_initiated_logout_only_state(suite: Suite) -> None:
    visitor = suite.visitor()
    suite.signed_in(visitor)
    assert suite.sign_out(visitor, state="s").address.startswith(suite.target.issuer)
    assert suite.is_signed_out(visitor)


def test_oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(suite: Suite) -> None:
    """Section 3: the whole address is compared, its query too."""
    stays_here(suite, post_logout_redirect_uri=f"{suite.back}?foo=bar")


def test_oidcc_rp_initiated_logout_bad_id_token_hint(suite: Suite) -> None:
    visitor = suite.visitor()
    suite.signed_in(visitor)
    arrival = suite.sign_out(visitor, id_token_hint="bad", post_logout_redirect_uri=suite.back, state="s")
    assert arrival.address.startswith(suite.target.issuer)


def stays_here(suite: Suite, **parameters: str) -> None:
    """With a valid hint even, nothing is sent there."""
    visitor = suite.visitor()
    tokens, _ = suite.signed_in(visitor)
    arrival = suite.sign_out(visitor, id_token_hint=tokens["id_token"], state="s", **parameters)
    assert arrival.address.startswith(suite.target.issuer)
