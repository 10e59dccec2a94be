"""Reading an account, for operators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from idp.domain.people.identities import FormerIdentity
from idp.domain.people.triplets import TripletKey
from idp.store.people.accounts import AccountRow, find_by_subject, find_by_triplet, list_history
from idp.usecases.deps import Deps


@dataclass(frozen=True, slots=True)
class AccountSheet:
    """One account as it is, and by what it was found before."""

    row: AccountRow
    history: Sequence[FormerIdentity]


def look_up_account(deps: Deps, wanted: TripletKey | str | None) -> AccountSheet | None:
    """The account of that triplet or subject."""
    with deps.read() as connection:
        if isinstance(wanted, str):
            row = find_by_subject(connection, wanted)
        else:
            row = find_by_triplet(connection, wanted)
        return AccountSheet(row, list_history(connection, row.account.id)) if row else None
