"""What an account is made from: checked as a whole, so that every wrong field is named at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from idp.domain.people.accounts import AccountState, Role
from idp.domain.people.emails import parse_email
from idp.domain.people.person_names import (
    FAMILY_NAME_LENGTH,
    GIVEN_NAME_LENGTH,
    canonical_key,
    registered_spelling,
)
from idp.domain.people.phones import parse_phone
from idp.domain.people.problems import FieldProblem
from idp.domain.people.siret import Siret, SiretNotTaken, arbitrate, is_usable_here, parse_siret
from idp.domain.people.triplets import TripletKey
from idp.domain.platform.errors import DomainError

Checked = TypeVar("Checked")


@dataclass(frozen=True, slots=True)
class NewAccount:
    """As asked for: text as typed."""

    siret: str
    family_name: str
    given_name: str
    email: str
    role: Role
    password: str | None = None
    """None: the account has no password yet and cannot sign in by one."""
    state: AccountState = AccountState.ACTIVE
    email_verified: bool = False
    phone: str = ""
    locale: str = "fr"
    organisation: str = ""
    """Label of the establishment, used when the registry does not know it yet."""
    same_person_as: str = ""
    """Subject of another account of the same person, or empty."""
    person_id: str = ""
    """The person's own identifier, known or not yet, or empty: a new person."""


@dataclass(frozen=True, slots=True)
class CheckedAccount:
    """The parts of a new account that have been read: canonical, and right in themselves."""

    siret: Siret
    family_name: str
    given_name: str
    email: str
    phone: str

    @property
    def triplet(self) -> TripletKey:
        """What must be unique."""
        return TripletKey(self.siret, canonical_key(self.family_name), canonical_key(self.given_name))


@dataclass(frozen=True, slots=True)
class RegistryEntry:
    """What the establishment registry says of a SIRET."""

    label: str
    is_closed: bool


def check_new_account(
    new: NewAccount, find_entry: Callable[[Siret], RegistryEntry | None], test_sirens: tuple[str, ...]
) -> CheckedAccount | tuple[FieldProblem, ...]:
    """The account's parts, or everything that is wrong with them. Passwords are assessed apart."""
    problems: list[FieldProblem] = []

    def read(name: str, parse: Callable[[], Checked]) -> Checked | None:
        try:
            return parse()
        except DomainError as error:
            problems.append(FieldProblem.of(name, error))
            return None

    siret = read("siret", lambda: take_siret(new.siret, find_entry, test_sirens))
    family_name = read("family_name", lambda: registered_spelling(new.family_name, FAMILY_NAME_LENGTH))
    given_name = read("given_name", lambda: registered_spelling(new.given_name, GIVEN_NAME_LENGTH))
    email = read("email", lambda: parse_email(new.email))
    phone = read("phone", lambda: parse_phone(new.phone))
    if siret is None or family_name is None or given_name is None or email is None or phone is None:
        return tuple(problems)
    return CheckedAccount(siret, family_name, given_name, email, phone)


def take_siret(text: str, find_entry: Callable[[Siret], RegistryEntry | None], test_sirens: tuple[str, ...]) -> Siret:
    """The SIRET typed, when an account may be made for it.

    Raises:
        InvalidSiret: no rule and no registry accepts it.
        SiretNotTaken: the establishment is closed, or is a test company that this deployment does not name.
    """
    siret = parse_siret(text)
    entry = find_entry(siret)
    arbitrate(siret, known_to_registry=entry is not None)
    if not is_usable_here(siret, test_sirens):
        raise SiretNotTaken(reason="test_only")
    if entry is not None and entry.is_closed:
        raise SiretNotTaken(reason="closed")
    return siret
