"""Steps that use cases about people share; each takes the open transaction."""

from __future__ import annotations

from idp.domain.people.accounts import Account
from idp.domain.platform.jobs import JobKind
from idp.store.database import Connected
from idp.usecases.deps import Deps
from idp.usecases.platform.jobs import enqueue


def follow_cut_off(connection: Connected, deps: Deps, account: Account) -> None:
    """Leave the job that tells the portals: `valid_from` has moved, and every read already sees what it killed."""
    enqueue(connection, deps, JobKind.CUT_OFF_ACCOUNT, {"subject": account.subject})
