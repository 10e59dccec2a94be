"""What is told about a person, and by which scope (OpenID Connect Core section 5.4, and ProConnect's own scopes)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from idp.domain.people.accounts import Role
from idp.domain.platform.instants import Instant, to_seconds

CLAIMS_BY_SCOPE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "profile": frozenset({"name", "given_name", "family_name", "usual_name", "locale", "updated_at"}),
        "email": frozenset({"email", "email_verified"}),
        "phone": frozenset({"phone_number", "phone_number_verified"}),
        "organization": frozenset({"organization_label", "siret", "siren"}),
        "roles": frozenset({"roles"}),
        # ProConnect asks for claims one by one.
        "given_name": frozenset({"given_name"}),
        "usual_name": frozenset({"usual_name"}),
        "uid": frozenset({"uid"}),
        "siret": frozenset({"siret"}),
        "siren": frozenset({"siren"}),
    }
)
"""`openid` gives `sub`, which is always there; `offline_access` gives no claim."""

ROLE_WORDS: Mapping[str, str] = MappingProxyType({Role.ADMINISTRATOR: "administrateur", Role.DECLARANT: "declarant"})
"""The words that French portals know."""


@dataclass(frozen=True, slots=True)
class IdentityFacts:
    """What we know of a person, gathered once; each client and each place is told its own part."""

    subject: str
    """The account's own; a client may know the person under another."""
    given_name: str
    family_name: str
    email: str
    email_verified: bool
    phone: str
    phone_verified: bool
    role: str
    locale: str
    siret: str
    siren: str
    organization_label: str
    updated_at: Instant


def claims_of(scopes: Iterable[str]) -> frozenset[str]:
    """The names of the claims that these scopes give; unknown scopes give none."""
    return frozenset().union(*(CLAIMS_BY_SCOPE.get(scope, frozenset()) for scope in scopes))


def disclosed(
    facts: IdentityFacts, sub: str, *, scopes: Set[str], asked: Iterable[str] = (), registered: Set[str]
) -> dict[str, Any]:
    """The claims of this person that granted scopes and the `claims` parameter give.

    Never beyond the claims of the scopes the client is registered for; a claim without a value is left out
    (section 5.3.2).
    """
    wanted = claims_of(scopes & registered)
    if asked:
        wanted |= claims_of(registered).intersection(asked)
    return {name: value for name, value in _everything(facts, sub, wanted).items() if name in wanted}


def asked_claims(claims_request: Mapping[str, Any] | None, place: str) -> tuple[str, ...]:
    """The names under `id_token` or `userinfo` of a `claims` request (section 5.5)."""
    wanted = claims_request.get(place) if claims_request else None
    return tuple(wanted) if isinstance(wanted, Mapping) else ()


def _everything(facts: IdentityFacts, sub: str, wanted: Set[str]) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "uid": sub,
        "name": f"{facts.given_name} {facts.family_name}",
        "given_name": facts.given_name,
        "family_name": facts.family_name,
        "usual_name": facts.family_name,
        "locale": facts.locale,
        "updated_at": to_seconds(facts.updated_at),
        "organization_label": facts.organization_label,
        "siret": facts.siret,
        "siren": facts.siren,
        "roles": [ROLE_WORDS[facts.role]] if facts.role in ROLE_WORDS else [],
    }
    if facts.email and not wanted.isdisjoint(CLAIMS_BY_SCOPE["email"]):
        claims |= {"email": facts.email, "email_verified": facts.email_verified}
    if facts.phone and not wanted.isdisjoint(CLAIMS_BY_SCOPE["phone"]):
        claims |= {"phone_number": facts.phone, "phone_number_verified": facts.phone_verified}
    return {name: value for name, value in claims.items() if value not in ("", [])}
