"""What this deployment demands of accounts, from its settings."""

from __future__ import annotations

from dataclasses import dataclass

from idp.domain.people.passwords import NET_ENTREPRISES, PasswordPolicy


@dataclass(frozen=True, slots=True)
class PeopleRules:
    """The parts of the settings that rules about people need."""

    password_policy: PasswordPolicy = NET_ENTREPRISES
    test_sirens: tuple[str, ...] = ()
    """Prefixes of test companies' SIREN that are taken here."""
