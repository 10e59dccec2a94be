"""What a client's profile demands of its other keys, said at start-up (profiles.py has the demands)."""

from __future__ import annotations

from idp.domain.portals.authentication_methods import WIRED
from idp.domain.portals.clients import ClientAuthentication
from idp.domain.portals.profiles import RULES, Pkce, Profile, ProfileRules
from idp.domain.portals.registry_entries import Complaint, Entry
from idp.domain.portals.registry_surroundings import Complaints, Surroundings, method_of

SIGNED_WITH = ("token_endpoint_auth_signing_alg", "id_token_signed_response_alg", "userinfo_signed_response_alg")


def rules_of(entry: Entry) -> ProfileRules:
    """The demands of the profile as written or by default."""
    return RULES[profile_of(entry)]


def profile_of(entry: Entry) -> Profile:
    written = entry.text("profile", Profile.OIDC)
    return Profile(written) if written in tuple(Profile) else Profile.OIDC


def method_is_of_the_profile(entry: Entry, _: Surroundings) -> Complaints:
    rules = rules_of(entry)
    if method_of(entry) not in rules.client_authentication:
        name = "token_endpoint_auth_method"
        allowed = [method for method in ClientAuthentication if method in rules.client_authentication & WIRED]
        message = f"{name}: {profile_of(entry)} does not take {method_of(entry)}; write {' or '.join(allowed)}"
        yield Complaint(entry.line_of(name), f"{message} ({rules.reasons['client_authentication']})")


def algorithms_are_of_the_profile(entry: Entry, _: Surroundings) -> Complaints:
    rules = rules_of(entry)
    if len(rules.algorithms) == len(RULES[Profile.OIDC].algorithms):
        return
    for key in SIGNED_WITH:
        if key in entry.values and entry.text(key) not in rules.algorithms:
            instead = " or ".join(sorted(rules.algorithms))
            message = f"{key}: {profile_of(entry)} does not take {entry.text(key)}; write {instead}"
            yield Complaint(entry.line_of(key), f"{message} ({rules.reasons['algorithms']})")


def pkce_is_of_the_profile(entry: Entry, _: Surroundings) -> Complaints:
    rules = rules_of(entry)
    if entry.values.get("require_pkce") is False and rules.pkce is Pkce.ALWAYS:
        message = f"require_pkce: {profile_of(entry)} always demands a challenge; take this key out"
        yield Complaint(entry.line_of("require_pkce"), f"{message} ({rules.reasons['pkce']})")


def signed_requests_have_keys(entry: Entry, _: Surroundings) -> Complaints:
    rules = rules_of(entry)
    if rules.signed_requests and "jwks" not in entry.lines and "jwks_uri" not in entry.values:
        message = f"jwks is missing and {profile_of(entry)} verifies requests with it; write jwks or jwks_uri"
        yield Complaint(entry.line_of("profile"), f"{message} ({rules.reasons['signed_requests']})")


PROFILE_CHECKS = (
    method_is_of_the_profile,
    algorithms_are_of_the_profile,
    pkce_is_of_the_profile,
    signed_requests_have_keys,
)
