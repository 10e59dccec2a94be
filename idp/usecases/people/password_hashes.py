"""Looking after stored password hashes."""

from __future__ import annotations

from collections.abc import Sequence

from idp.store.people.accounts import HashCount as HashCount
from idp.store.people.accounts import count_hashes
from idp.usecases.deps import Deps


def count_password_hashes(deps: Deps) -> Sequence[HashCount]:
    """How many passwords are kept under each pepper and cost: a pepper that none is under can be dropped."""
    with deps.read() as connection:
        return count_hashes(connection, deps.hasher.hashes.pepper_ids)
