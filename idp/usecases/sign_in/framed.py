"""A transaction inside a partner's frame: held by a secret of the page, where others are held by a cookie."""

from __future__ import annotations

from idp.domain.platform.digests import token_hash
from idp.store.sign_in.transactions import move_transaction, spend_try
from idp.usecases.deps import Deps

MOST_TRIES = 5
"""Passwords that one frame may try; then the person goes on at the top level, where their browser may be known."""


def next_secret(deps: Deps, transaction_id: str, secret: str) -> str:
    """Spend one try of the frame that holds this secret: the secret of the next. "" when it was used, or was the
    last."""
    fresh = deps.random.token()
    was, becomes = token_hash(secret), token_hash(fresh)
    with deps.transaction() as connection:
        spent = spend_try(connection, transaction_id, was=was, becomes=becomes, most=MOST_TRIES, at=deps.clock.now())
    return fresh if spent else ""


def leave_frame(deps: Deps, transaction_id: str, secret: str, browser_token: str) -> bool:
    """Go on at the top level: the transaction is this browser's, and the frame's page is worthless."""
    was, becomes = token_hash(secret), token_hash(browser_token)
    with deps.transaction() as connection:
        return move_transaction(connection, transaction_id, was=was, becomes=becomes, at=deps.clock.now())
