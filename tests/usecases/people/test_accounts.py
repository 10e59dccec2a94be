"""An account is made whole or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from idp.domain.people.accounts import AccountState
from idp.domain.people.rules import PeopleRules
from idp.domain.people.triplets import triplet_key
from idp.domain.platform.audit_events import AuditEvent
from idp.store.database import Database
from idp.store.people.accounts import accounts, find_by_triplet, people
from idp.store.platform.audit import audit_events
from idp.usecases.people.accounts import AlreadyThere, Created, NotAccepted, create_account
from tests.quiet import quiet_deps
from tests.usecases.people.conftest import CLAIRE, OPERATOR


def test_an_account_is_found_by_its_canonical_triplet(database: Database) -> None:
    deps = quiet_deps(database)
    made = create_account(deps, OPERATOR, CLAIRE)
    assert isinstance(made, Created)
    with deps.read() as connection:
        row = find_by_triplet(connection, triplet_key("99900037500017", "MOUTIN", "claire"))
    assert row is not None
    assert row.account.subject == made.subject
    assert (row.account.family_name, row.account.email) == ("Moutin", "claire@example.fr")
    assert row.account.state is AccountState.ACTIVE
    assert row.establishment_label == "GIP MDS TEST PROJET"
    assert row.password_hash is not None
    assert deps.hasher.enter(False)


def test_a_malformed_triplet_finds_nobody(database: Database) -> None:
    with database.read() as connection:
        assert find_by_triplet(connection, None) is None


def test_a_second_account_with_the_same_key_is_not_made(database: Database) -> None:
    deps = quiet_deps(database)
    create_account(deps, OPERATOR, CLAIRE)
    again = replace(CLAIRE, family_name="MOUTIN", given_name="claire")
    assert create_account(deps, OPERATOR, again) == AlreadyThere()
    with deps.read() as connection:
        assert len(connection.execute(select(people.c.id)).all()) == 1


def test_one_person_may_have_accounts_at_several_establishments(database: Database) -> None:
    deps = quiet_deps(database)
    first = create_account(deps, OPERATOR, CLAIRE)
    assert isinstance(first, Created)
    second = create_account(deps, OPERATOR, replace(CLAIRE, siret="97050551700072", same_person_as=first.subject))
    assert isinstance(second, Created)
    assert second.subject != first.subject
    with deps.read() as connection:
        assert len(set(connection.execute(select(accounts.c.person_id)).scalars())) == 1


def test_every_wrong_field_is_named_at_once(database: Database) -> None:
    deps = quiet_deps(database)
    wrong = replace(CLAIRE, siret="518315411", family_name="Moutin2", email="claire", password="Bonjour2026")
    answer = create_account(deps, OPERATOR, wrong)
    assert isinstance(answer, NotAccepted)
    assert [(problem.name, problem.code) for problem in answer.problems] == [
        ("siret", "invalid_siret"),
        ("family_name", "invalid_name"),
        ("email", "invalid_email"),
        ("password", "password_not_common"),
    ]


@pytest.mark.parametrize("test_sirens", [(), ("999000276",)])
def test_a_test_company_is_refused_where_the_settings_do_not_name_it(
    database: Database, test_sirens: tuple[str, ...]
) -> None:
    deps = quiet_deps(database, people_rules=PeopleRules(test_sirens=test_sirens))
    answer = create_account(deps, OPERATOR, CLAIRE)
    assert isinstance(answer, NotAccepted)
    assert [problem.code for problem in answer.problems] == ["siret_not_taken"]


def test_the_trace_says_who_made_the_account(database: Database) -> None:
    deps = quiet_deps(database)
    made = create_account(deps, OPERATOR, CLAIRE)
    assert isinstance(made, Created)
    with deps.read() as connection:
        trail = connection.execute(select(audit_events.c.event, audit_events.c.actor, audit_events.c.subject)).all()
    assert trail == [(AuditEvent.ACCOUNT_CREATED, "root", made.subject)]
