"""Profiles are whole tables: every demand is there, with its reason, and a client can only demand more."""

from __future__ import annotations

from dataclasses import fields

import pytest

from idp.domain.platform.instants import SECOND
from idp.domain.platform.lifetimes import Lifetimes
from idp.domain.portals.clients import Client, ClientAuthentication, SigningAlgorithm
from idp.domain.portals.profiles import RULES, Profile, ProfileRules

FAPI = (Profile.FAPI2_SECURITY, Profile.FAPI2_MESSAGE_SIGNING)
PRIVATE_KEY = ClientAuthentication.PRIVATE_KEY_JWT


@pytest.mark.parametrize("profile", Profile)
def test_every_demand_of_every_profile_says_why(profile: Profile) -> None:
    demands = {field.name for field in fields(ProfileRules)} - {"reasons"}
    assert demands == set(RULES[profile].reasons)


@pytest.mark.parametrize("profile", FAPI)
def test_fapi_clients_hold_keys_and_bound_tokens(profile: Profile) -> None:
    """FAPI 2.0 Security Profile section 5.3.2.1 items 3 to 6 and 9, section 5.4.1."""
    rules = RULES[profile]
    assert (True, True, False) == (
        rules.sender_constrained,
        rules.pushed_requests,
        rules.rotates_refresh_tokens,
    )
    assert {"private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"} == set(rules.client_authentication)
    assert {"PS256", "ES256", "EdDSA"} == set(rules.algorithms)


def test_only_message_signing_demands_signed_requests() -> None:
    """FAPI 2.0 Message Signing section 5.3.1."""
    assert [Profile.FAPI2_MESSAGE_SIGNING] == [profile for profile in Profile if RULES[profile].signed_requests]


def test_codes_live_a_minute_at_most_in_every_profile() -> None:
    """FAPI 2.0 Security Profile section 5.3.2.1 item 11."""
    assert Lifetimes().code <= 60 * SECOND


@pytest.mark.parametrize(
    ("profile", "written", "demanded"),
    [
        ("oidc", None, True),
        ("oidc", True, True),
        ("oidc", False, False),
        ("fapi2_security", None, True),
        ("fapi2_security", False, True),
        ("fapi2_message_signing", False, True),
        ("legacy", None, False),
        ("legacy", False, False),
        ("legacy", True, True),
    ],
)
def test_a_challenge_is_demanded_as_the_profile_says(profile: str, written: bool | None, demanded: bool) -> None:
    """RFC 9700 section 2.1.1, FAPI 2.0 Security Profile section 5.3.2.2 item 5."""
    client = Client("portail", profile=Profile(profile), require_pkce=written, token_endpoint_auth_method=PRIVATE_KEY)
    assert demanded == client.demands_pkce


@pytest.mark.parametrize("profile", Profile)
def test_a_public_client_always_sends_a_challenge(profile: Profile) -> None:
    """RFC 9700 section 2.1.1: public clients MUST use PKCE."""
    client = Client("spa", profile=profile, require_pkce=False, token_endpoint_auth_method=ClientAuthentication.NONE)
    assert client.demands_pkce


def test_what_is_signed_for_a_profile_is_among_its_algorithms() -> None:
    assert all(rules.id_token_algorithm in rules.algorithms for rules in RULES.values())
    assert SigningAlgorithm.RS256 is RULES[Profile.LEGACY].id_token_algorithm
