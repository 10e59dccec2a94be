"""Each scope gives its claims, and nobody is told more than its registration allows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp.domain.platform.instants import Instant
from idp.domain.portals.claims import CLAIMS_BY_SCOPE, IdentityFacts, asked_claims, disclosed

EVERY_SCOPE = frozenset(CLAIMS_BY_SCOPE) | {"openid", "offline_access"}
CLAIRE = IdentityFacts(
    subject="s1",
    given_name="Claire",
    family_name="Moutin",
    email="claire@example.fr",
    email_verified=True,
    phone="+33123456789",
    phone_verified=False,
    role="administrator",
    locale="fr",
    siret="99900037500017",
    siren="999000375",
    organization_label="GIP MDS",
    updated_at=Instant(1_790_000_000_999),
)


@pytest.mark.parametrize(
    ("scope", "claims"),
    [
        ("openid", {}),
        ("offline_access", {}),
        ("unknown", {}),
        (
            "profile",
            {
                "name": "Claire Moutin",
                "given_name": "Claire",
                "family_name": "Moutin",
                "usual_name": "Moutin",
                "locale": "fr",
                "updated_at": 1_790_000_000,
            },
        ),
        ("email", {"email": "claire@example.fr", "email_verified": True}),
        ("phone", {"phone_number": "+33123456789", "phone_number_verified": False}),
        ("organization", {"organization_label": "GIP MDS", "siret": "99900037500017", "siren": "999000375"}),
        ("roles", {"roles": ["administrateur"]}),
        ("given_name", {"given_name": "Claire"}),
        ("usual_name", {"usual_name": "Moutin"}),
        ("uid", {"uid": "sub-here"}),
        ("siret", {"siret": "99900037500017"}),
        ("siren", {"siren": "999000375"}),
    ],
)
def test_a_scope_gives_exactly_its_claims(scope: str, claims: dict[str, object]) -> None:
    assert claims == disclosed(CLAIRE, "sub-here", scopes=frozenset({scope}), registered=EVERY_SCOPE | {"unknown"})


def test_a_declarant_is_told_so_in_french() -> None:
    facts = replace(CLAIRE, role="declarant")
    assert {"roles": ["declarant"]} == disclosed(facts, "s", scopes={"roles"}, registered=EVERY_SCOPE)


def test_a_claim_without_a_value_is_left_out() -> None:
    facts = replace(CLAIRE, phone="", organization_label="")
    told = disclosed(facts, "s", scopes={"phone", "organization"}, registered=EVERY_SCOPE)
    assert {"siret", "siren"} == set(told)


def test_the_claims_parameter_adds_single_claims() -> None:
    told = disclosed(CLAIRE, "s", scopes={"openid"}, asked=("email", "siret", "nonsense"), registered=EVERY_SCOPE)
    assert {"email": "claire@example.fr", "siret": "99900037500017"} == told


def test_neither_scope_nor_claims_parameter_reaches_beyond_the_registration() -> None:
    registered = frozenset({"openid", "email"})
    told = disclosed(CLAIRE, "s", scopes={"profile", "phone"}, asked=("siret", "email"), registered=registered)
    assert {"email": "claire@example.fr"} == told


@pytest.mark.parametrize("request_", [None, {}, {"id_token": {}}, {"userinfo": None}, {"userinfo": ["email"]}])
def test_a_claims_request_that_asks_nothing_here_asks_nothing(request_: dict[str, object] | None) -> None:
    assert () == asked_claims(request_, "userinfo")


def test_a_claims_request_names_its_claims() -> None:
    assert ("email", "acr") == asked_claims({"userinfo": {"email": None, "acr": {"essential": True}}}, "userinfo")
