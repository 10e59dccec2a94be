"""An explanation leaves no demand out, and says of each where it comes from and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp.domain.platform.lifetimes import Lifetimes
from idp.domain.portals.clients import Client, ClientAuthentication, SigningAlgorithm
from idp.domain.portals.demands import demands_on
from idp.domain.portals.encryption import KeyManagement
from idp.domain.portals.profiles import Profile

BY_KEY = Client(
    "bank",
    profile=Profile.FAPI2_SECURITY,
    token_endpoint_auth_method=ClientAuthentication.PRIVATE_KEY_JWT,
    jwks_uri="https://banque.example.fr/keys",
    id_token_signed_response_alg=SigningAlgorithm.PS256,
)


def said_of(client: Client) -> dict[str, str]:
    return {demand.says: demand.source for demand in demands_on(client, Lifetimes())}


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("method", ClientAuthentication)
def test_every_demand_has_a_source_and_a_reason(profile: Profile, method: ClientAuthentication) -> None:
    demands = demands_on(Client("portail", profile=profile, token_endpoint_auth_method=method), Lifetimes())
    assert [] == [demand for demand in demands if not (demand.says and demand.source and demand.why)]


def test_a_fapi_client_reads_what_its_profile_demands() -> None:
    """FAPI 2.0 Security Profile sections 5.3.2.1 and 5.4.1."""
    said = said_of(BY_KEY)
    for sentence in (
        "aud of an assertion: the issuer, as a plain string",
        "an assertion lives 600 s at most, and is used once",
        "pushes every authorization request",
        "gets tokens bound to its key only",
        "keeps its refresh token",
        "sends a code_challenge",
        "signs assertions with one of ES256, EdDSA, PS256",
        "gets ID tokens signed with PS256",
    ):
        assert "profile fapi2_security" == said[sentence]
    assert "its own jwks_uri" == said["its keys are at https://banque.example.fr/keys"]


def test_message_signing_adds_the_signature() -> None:
    """FAPI 2.0 Message Signing section 5.3."""
    said = said_of(replace(BY_KEY, profile=Profile.FAPI2_MESSAGE_SIGNING))
    assert "profile fapi2_message_signing" == said["signs every authorization request"]


def test_what_the_client_says_itself_is_named_as_such() -> None:
    said = said_of(replace(BY_KEY, token_endpoint_auth_signing_alg=SigningAlgorithm.ES256))
    assert "its own token_endpoint_auth_signing_alg: ES256" == said["signs assertions with ES256"]


def test_a_clients_own_demand_on_its_requests_is_told_as_its_own() -> None:
    own = Client("bank", require_pushed_authorization_requests=True, require_signed_request_object=True)
    said = said_of(own)
    assert said["pushes every authorization request"] == "its own require_pushed_authorization_requests: true"
    assert said["signs every authorization request"] == "its own require_signed_request_object: true"


def test_what_is_encrypted_is_said() -> None:
    """OpenID Connect Core section 10.2."""
    alg = KeyManagement.ECDH_ES_A256KW
    said = said_of(replace(BY_KEY, id_token_encrypted_response_alg=alg, introspection_encrypted_response_alg=alg))
    sentence = "gets ID and logout tokens encrypted with ECDH-ES+A256KW"
    assert "its own id_token_encrypted_response_alg: ECDH-ES+A256KW" == said[sentence]
    assert "gets introspection answers as a JWT encrypted with ECDH-ES+A256KW" in said
    assert not [says for says in said_of(BY_KEY) if "encrypted" in says], "the control"
