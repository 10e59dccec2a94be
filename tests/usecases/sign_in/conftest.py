"""One establishment, one account, and the doers of a test over both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from idp.store.database import Database
from idp.store.people.accounts import accounts, people
from idp.store.people.legal_units import establishments, legal_units
from idp.usecases.deps import Deps
from tests.quiet import quiet_deps

SIRET = "99900037500017"


@pytest.fixture
def deps(database: Database) -> Deps:
    return quiet_deps(database)


@pytest.fixture
def account_id(deps: Deps) -> int:
    """MOUTIN CLAIRE, active, without a password."""
    now = deps.clock.now()
    with deps.transaction() as connection:
        connection.execute(insert(legal_units).values(siren=SIRET[:9], label="GIP"))
        connection.execute(insert(establishments).values(siret=SIRET, siren=SIRET[:9], label="GIP"))
        connection.execute(insert(people).values(id="p1", created_at=now))
        row = insert(accounts).values(
            subject="s1", person_id="p1", siret=SIRET, family_name="Moutin", given_name="Claire",
            family_name_key="MOUTIN", given_name_key="CLAIRE", email="claire@example.fr", role="administrator",
            state="active", valid_from=now, created_at=now, updated_at=now,
        )  # fmt: skip
        return connection.execute(row.returning(accounts.c.id)).scalar_one()
