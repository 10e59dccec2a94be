"""Accounts: one per person and establishment, with a role and a state."""

from __future__ import annotations

import hmac
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from idp.domain.people.siret import Siret
from idp.domain.platform.instants import Instant


class Role(StrEnum):
    """What someone is for an establishment's account."""

    ADMINISTRATOR = "administrator"
    DECLARANT = "declarant"


class AccountState(StrEnum):
    """Where an account stands in its life."""

    PENDING_EMAIL = "pending_email"
    CANDIDATE = "candidate"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    RADIATED = "radiated"

    @property
    def may_sign_in(self) -> bool:
        """Every other state answers as a wrong password does."""
        return self in (AccountState.ACTIVE, AccountState.CANDIDATE)


_NEXT_STATES = {
    AccountState.PENDING_EMAIL: {AccountState.CANDIDATE, AccountState.ACTIVE, AccountState.RADIATED},
    AccountState.CANDIDATE: {AccountState.ACTIVE, AccountState.SUSPENDED, AccountState.RADIATED},
    AccountState.ACTIVE: {AccountState.SUSPENDED, AccountState.RADIATED},
    AccountState.SUSPENDED: {AccountState.ACTIVE, AccountState.RADIATED},
    AccountState.RADIATED: set[AccountState](),
}


def may_become(state: AccountState, wanted: AccountState) -> bool:
    """Whether an account may pass from one state to the other; radiation is for ever."""
    return wanted in _NEXT_STATES[state]


@dataclass(frozen=True, slots=True)
class Account:
    """One person's account at one establishment. `subject` is immutable and opaque; the triplet may change."""

    id: int
    subject: str
    person_id: str
    siret: Siret
    family_name: str
    """Registered spelling, NFC."""
    given_name: str
    email: str
    email_verified: bool
    phone: str
    phone_verified: bool
    role: Role
    state: AccountState
    locale: str
    valid_from: Instant
    """Sessions, devices, refresh families and tokens older than this are dead."""
    created_at: Instant
    updated_at: Instant


def is_spelled(account: Account, family_name: str, given_name: str) -> bool:
    """Whether the names are typed exactly as registered (clients with `match: exact`); takes the same time for any."""
    same_family = _is_same(family_name, account.family_name)
    same_given = _is_same(given_name, account.given_name)
    return same_family and same_given


def _is_same(typed: str, registered: str) -> bool:
    return hmac.compare_digest(unicodedata.normalize("NFC", typed).encode(), registered.encode())
