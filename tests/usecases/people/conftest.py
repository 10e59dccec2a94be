"""Claire has an account, and a password."""

from __future__ import annotations

import pytest

from idp.adapters.clock import QuietClock
from idp.domain.people.accounts import Role
from idp.domain.people.new_accounts import NewAccount
from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.platform.instants import MINUTE
from idp.store.database import Database
from idp.usecases.deps import Deps
from idp.usecases.people.accounts import Created, create_account
from tests.quiet import quiet_deps

OPERATOR = Actor(ActorRole.OPERATOR, "root")
CLAIRE = NewAccount(
    siret="999 000 375 00017",
    family_name="Moutin",
    given_name="Claire",
    email="claire@Example.FR",
    role=Role.ADMINISTRATOR,
    password="Mire2026demo",
    organisation="GIP MDS TEST PROJET",
)


@pytest.fixture
def clock() -> QuietClock:
    return QuietClock()


@pytest.fixture
def deps(database: Database, clock: QuietClock) -> Deps:
    return quiet_deps(database, clock=clock)


@pytest.fixture
def claire(deps: Deps, clock: QuietClock) -> str:
    """Claire's subject; she has been there for a minute."""
    made = create_account(deps, OPERATOR, CLAIRE)
    assert isinstance(made, Created)
    clock.advance(MINUTE)
    return made.subject
