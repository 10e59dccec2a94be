"""The demo's people: read from demo/people.yaml, made through the same use cases as everyone's account."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from idp.domain.people.accounts import AccountState, Role
from idp.domain.people.new_accounts import NewAccount
from idp.domain.people.triplets import triplet_key
from idp.domain.platform.actors import Actor, ActorRole
from idp.settings import SettingsError
from idp.store.people.accounts import find_by_triplet
from idp.usecases.deps import Deps
from idp.usecases.people.accounts import Created, create_account
from idp.usecases.people.establishments import close_establishment

DEMO_PASSWORD = "Mire2026demo"
DEMO = Actor(ActorRole.SYSTEM, "demo")


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """One line of the table of demo accounts."""

    siret: str
    family_name: str
    given_name: str
    email: str
    role: str
    organisation: str
    shows: str
    state: str = "active"
    phone: str = ""
    key: str = ""
    same_person_as: str = ""
    successor_siret: str = ""
    """The establishment closed after the account was made, and this one took over; empty: it is open."""


def read_people(path: Path) -> tuple[DemoPerson, ...]:
    """Everyone, in the order of the table."""
    listed = yaml.safe_load(path.read_text())["people"]
    return tuple(DemoPerson(successor_siret=entry.pop("closed", {}).get("successor", ""), **entry) for entry in listed)


def seed(deps: Deps, people: tuple[DemoPerson, ...], password: str = DEMO_PASSWORD) -> None:
    """Everyone who is not there yet gets an account; then the establishments that closed are closed."""
    subjects: dict[str, str] = {}
    for person in people:
        same = subjects.get(person.same_person_as, "")
        subject = existing_subject(deps, person) or make(deps, person, password, same)
        if person.key:
            subjects[person.key] = subject
    for person in people:
        if person.successor_siret:
            close(deps, person)


def existing_subject(deps: Deps, person: DemoPerson) -> str:
    """The subject of the account that an earlier run made, or nothing."""
    with deps.read() as connection:
        found = find_by_triplet(connection, triplet_key(person.siret, person.family_name, person.given_name))
    return found.account.subject if found else ""


def make(deps: Deps, person: DemoPerson, password: str, same_person_as: str) -> str:
    """The new account's subject.

    Raises:
        SettingsError: demo/people.yaml asks for an account that cannot be.
    """
    new = NewAccount(
        siret=person.siret,
        family_name=person.family_name,
        given_name=person.given_name,
        email=person.email,
        role=Role(person.role),
        password=password,
        state=AccountState(person.state),
        email_verified=True,
        phone=person.phone,
        organisation=person.organisation,
        same_person_as=same_person_as,
    )
    outcome = create_account(deps, DEMO, new)
    if not isinstance(outcome, Created):
        raise SettingsError(f"demo/people.yaml: {person.family_name} {person.given_name} cannot be made: {outcome}.")
    return outcome.subject


def close(deps: Deps, person: DemoPerson) -> None:
    """Close the person's establishment; a second run finds it closed."""
    close_establishment(deps, DEMO, person.siret, person.successor_siret)
