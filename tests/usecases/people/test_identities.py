"""What an account is found by may change; who it is never does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp.domain.people.identities import FormerIdentity, IdentityChange
from idp.domain.people.siret import Siret
from idp.domain.people.triplets import triplet_key
from idp.store.people.accounts import AccountRow, find_by_triplet, list_history
from idp.usecases.deps import Deps
from idp.usecases.people import identities
from idp.usecases.people.accounts import create_account
from idp.usecases.people.establishments import (
    EstablishmentClosed,
    EstablishmentKept,
    close_establishment,
)
from idp.usecases.people.identities import IdentityChanged, IdentityKept, change_identity
from tests.usecases.people.conftest import CLAIRE, OPERATOR
from tests.usecases.people.trail import events, last_facts

MOVED = "999 000 276 00017"


def found(deps: Deps, siret: str, family_name: str, given_name: str) -> AccountRow | None:
    with deps.read() as connection:
        return find_by_triplet(connection, triplet_key(siret, family_name, given_name))


def test_after_a_move_the_account_is_found_at_the_new_siret_only(deps: Deps, claire: str) -> None:
    assert change_identity(deps, OPERATOR, claire, IdentityChange(siret=MOVED)) == IdentityChanged()
    there = found(deps, MOVED, "moutin", "claire")
    assert there is not None
    assert there.account.subject == claire
    assert found(deps, CLAIRE.siret, "moutin", "claire") is None
    assert last_facts(deps) == {"siret_before": "99900037500017", "siret": "99900027600017"}


def test_the_history_says_what_was_before(deps: Deps, claire: str) -> None:
    first = deps.clock.now()
    change_identity(deps, OPERATOR, claire, IdentityChange(family_name="Durand"))
    change_identity(deps, OPERATOR, claire, IdentityChange(siret=MOVED, given_name="Claire-Marie"))
    there = found(deps, MOVED, "DURAND", "CLAIRE MARIE")
    assert there is not None
    with deps.read() as connection:
        assert list_history(connection, there.account.id) == [
            FormerIdentity(Siret("99900037500017"), "Moutin", "Claire", first, "root"),
            FormerIdentity(Siret("99900037500017"), "Durand", "Claire", first, "root"),
        ]


def test_two_accounts_never_merge(deps: Deps, claire: str) -> None:
    create_account(deps, OPERATOR, replace(CLAIRE, siret=MOVED))
    answer = change_identity(deps, OPERATOR, claire, IdentityChange(siret=MOVED))
    assert isinstance(answer, IdentityKept)
    assert [problem.code for problem in answer.problems] == ["triplet_taken"]


def test_whoever_comes_second_to_a_triplet_is_told_that_it_is_taken(
    deps: Deps, claire: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two changes at once: the second looked before the first had committed, and the unique triplet decides."""
    create_account(deps, OPERATOR, replace(CLAIRE, siret=MOVED))
    monkeypatch.setattr(identities, "find_by_triplet", lambda *_: None)
    answer = change_identity(deps, OPERATOR, claire, IdentityChange(siret=MOVED))
    assert answer == IdentityKept((identities.TAKEN,))
    still = found(deps, CLAIRE.siret, "moutin", "claire")
    assert still is not None
    with deps.read() as connection:
        assert list_history(connection, still.account.id) == []
    assert events(deps) == ["account.created", "account.created"]


def test_another_spelling_of_the_same_name_is_taken(deps: Deps, claire: str) -> None:
    assert change_identity(deps, OPERATOR, claire, IdentityChange(family_name="MOUTIN")) == IdentityChanged()
    there = found(deps, CLAIRE.siret, "Moutin", "Claire")
    assert there is not None
    assert there.account.family_name == "MOUTIN"


def test_a_wrong_name_or_an_unknown_subject_changes_nothing(deps: Deps, claire: str) -> None:
    for subject, change in ((claire, IdentityChange(family_name="M0utin")), ("nobody", IdentityChange())):
        assert isinstance(change_identity(deps, OPERATOR, subject, change), IdentityKept)
    assert events(deps) == ["account.created"]


def test_a_closed_establishment_names_its_successor_and_moves_nobody(deps: Deps, claire: str) -> None:
    assert close_establishment(deps, OPERATOR, CLAIRE.siret, MOVED) == EstablishmentClosed()
    there = found(deps, CLAIRE.siret, "moutin", "claire")
    assert there is not None
    assert (there.closed_at, there.successor_siret) == (deps.clock.now(), "99900027600017")
    assert found(deps, MOVED, "moutin", "claire") is None
    assert events(deps)[-1] == "establishment.closed"


def test_no_account_is_made_at_a_closed_establishment_but_a_name_may_change_there(deps: Deps, claire: str) -> None:
    close_establishment(deps, OPERATOR, CLAIRE.siret)
    answer = create_account(deps, OPERATOR, replace(CLAIRE, given_name="Anne"))
    assert [(problem.name, problem.facts["reason"]) for problem in answer.problems] == [("siret", "closed")]  # type: ignore[union-attr]
    assert change_identity(deps, OPERATOR, claire, IdentityChange(family_name="Durand")) == IdentityChanged()


def test_what_is_unknown_closed_wrong_or_its_own_successor_is_not_closed(deps: Deps, claire: str) -> None:
    refused = [
        close_establishment(deps, OPERATOR, MOVED),
        close_establishment(deps, OPERATOR, "518315411"),
        close_establishment(deps, OPERATOR, CLAIRE.siret, CLAIRE.siret),
        close_establishment(deps, OPERATOR, CLAIRE.siret, "99900037500018"),
    ]
    assert all(isinstance(answer, EstablishmentKept) for answer in refused)
    close_establishment(deps, OPERATOR, CLAIRE.siret)
    again = close_establishment(deps, OPERATOR, CLAIRE.siret)
    assert isinstance(again, EstablishmentKept)
    assert again.problem.code == "establishment_closed"
