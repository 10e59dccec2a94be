"""The Config plan: what discovery must say."""

from __future__ import annotations

from tests.conformance.suite import Suite

REQUIRED = (
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "response_types_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
    "scopes_supported",
    "claims_supported",
)


def test_oidcc_discovery_endpoint_verification(suite: Suite) -> None:
    """OpenID Connect Discovery 1.0 section 3."""
    told = suite.metadata
    assert [name for name in REQUIRED if name not in told] == []
    assert told["issuer"] == suite.target.issuer
    assert "code" in told["response_types_supported"]
    assert "RS256" in told["id_token_signing_alg_values_supported"]
    assert "none" not in told["id_token_signing_alg_values_supported"]
    assert told["claims_parameter_supported"] is True
    addresses = [told[name] for name in told if name.endswith(("_endpoint", "_uri"))]
    assert [address for address in addresses if not address.startswith("https://")] == []
    keys = suite.http.get(told["jwks_uri"]).json()["keys"]
    assert [key for key in keys if {"d", "p", "q", "k"} & set(key)] == []
    assert len({key["kid"] for key in keys}) == len(keys)
