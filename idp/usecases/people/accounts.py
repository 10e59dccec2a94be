"""Making an account."""

from __future__ import annotations

from idp.domain.people.new_accounts import NewAccount
from idp.domain.platform.actors import Actor
from idp.usecases.deps import Deps
from idp.usecases.people.new_account_steps import AlreadyThere as AlreadyThere
from idp.usecases.people.new_account_steps import Created as Created
from idp.usecases.people.new_account_steps import NotAccepted as NotAccepted
from idp.usecases.people.new_account_steps import add_account, check_account


def create_account(deps: Deps, actor: Actor, new: NewAccount) -> Created | AlreadyThere | NotAccepted:
    """Make the account, and its establishment when the registry does not know it yet."""
    with deps.read() as connection:
        checked = check_account(connection, deps, new)
    if isinstance(checked, tuple):
        return NotAccepted(checked)
    password_hash = deps.hasher.hash(new.password) if new.password is not None else None
    with deps.transaction() as connection:
        return add_account(connection, deps, actor, new, checked, password_hash)
