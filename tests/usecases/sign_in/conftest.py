"""The doers of a test over both databases, one account, and ways to try its door."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
from sqlalchemy import select, update

from idp.adapters.clock import QuietClock
from idp.adapters.hasher import QuietHasher
from idp.domain.people.password_hashes import cost_of
from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.sign_in.password_triplet import SignedIn, SignInOutcome, TripletAttempt
from idp.store.database import Database
from idp.store.people.accounts import accounts
from idp.store.platform.audit import audit_events
from idp.usecases.deps import Deps
from idp.usecases.sign_in.password_triplet import sign_in_by_triplet
from idp.usecases.sign_in.transactions import begin_transaction
from tests.quiet import quiet_deps
from tests.rows import SIRET, make_account

PASSWORD = "Mire2026demo"
HOME = "203.0.113.7"


@pytest.fixture
def deps(database: Database) -> Deps:
    return quiet_deps(database)


@pytest.fixture
def account_id(deps: Deps) -> int:
    """MOUTIN CLAIRE, active, without a password."""
    return make_account(deps, "s1", family_name="Moutin", family_name_key="MOUTIN")


@dataclass(frozen=True)
class Door:
    """The sign-in page of one portal, tried from anywhere."""

    deps: Deps

    def attempt(self, password: str = PASSWORD, **other: Any) -> TripletAttempt:
        fields = {
            "siret": SIRET, "family_name": "MOUTIN", "given_name": "CLAIRE", "client_id": "portail",
            "transaction_id": "t", **other,
        }  # fmt: skip
        return TripletAttempt(password=password, **fields)

    def knock(self, password: str = PASSWORD, *, address: str = HOME, **other: Any) -> SignInOutcome:
        actor = Actor(ActorRole.ANONYMOUS, address=address, request_id="r")
        return sign_in_by_triplet(self.deps, actor, self.attempt(password, **other))

    def sign_in(self, **other: Any) -> SignedIn:
        outcome = self.knock(**other)
        assert isinstance(outcome, SignedIn)
        return outcome

    def wait(self, milliseconds: int) -> None:
        cast(QuietClock, self.deps.clock).advance(milliseconds)

    @property
    def hasher(self) -> QuietHasher:
        return cast(QuietHasher, self.deps.hasher)

    def open_transaction(self) -> str:
        actor = Actor(ActorRole.ANONYMOUS)
        return begin_transaction(self.deps, actor, "portail", {}, "browser").id

    def trail(self) -> list[tuple[str, str]]:
        """Every audit event with its subject, in order."""
        with self.deps.read() as connection:
            rows = connection.execute(select(audit_events.c.event, audit_events.c.subject).order_by(audit_events.c.id))
            return [(row.event, row.subject) for row in rows]

    def add_person(self, name: str, password: str | None = PASSWORD, **columns: Any) -> int:
        stored = self.deps.hasher.hash(password) if password else None
        cost = cost_of(stored) if stored else None
        verified = self.deps.clock.now()
        row = {"email_verified_at": verified, "password_hash": stored, "password_cost": cost, **columns}
        return make_account(self.deps, name, **row)

    def change(self, name: str, **columns: Any) -> None:
        with self.deps.transaction() as connection:
            connection.execute(update(accounts).where(accounts.c.subject == name).values(columns))

    def with_deps(self, **doers: Any) -> Door:
        return Door(replace(self.deps, **doers))


@pytest.fixture
def door(deps: Deps) -> Door:
    """Claire Moutin's door."""
    here = Door(deps)
    here.add_person("Moutin")
    here.hasher.forget()
    return here
