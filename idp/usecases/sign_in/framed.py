"""A transaction inside a partner's frame: held by a secret of the page, where others are held by a cookie."""

from __future__ import annotations

from idp.domain.platform.digests import frame_secret_hash, token_hash
from idp.store.sign_in.hand_overs import forget_hand_overs
from idp.store.sign_in.transactions import give_try_back, restart_elsewhere, spend_try
from idp.usecases.deps import Deps

MOST_TRIES = 5
"""Passwords that one frame may try; then the person goes on at the top level, where their browser may be known."""


def next_secret(deps: Deps, transaction_id: str, secret: str) -> str:
    """Spend one try of the frame that holds this secret: the secret of the next. "" when it was used, or was the
    last."""
    fresh = deps.random.token()
    was, becomes = frame_secret_hash(secret), frame_secret_hash(fresh)
    with deps.transaction() as connection:
        spent = spend_try(connection, transaction_id, was=was, becomes=becomes, most=MOST_TRIES, at=deps.clock.now())
    return fresh if spent else ""


def return_try(deps: Deps, transaction_id: str, secret: str) -> None:
    """The try that led to this secret was not looked at."""
    with deps.transaction() as connection:
        give_try_back(connection, transaction_id, frame_secret_hash(secret), deps.clock.now())


def leave_frame(deps: Deps, transaction_id: str, secret: str, browser_token: str) -> bool:
    """Go on at the top level: the transaction is this browser's, and the frame's page is worthless.

    Nothing is taken along but the request: a link would else carry whoever signed in in the frame into the browser of
    whoever opens it.
    """
    was, becomes = frame_secret_hash(secret), token_hash(browser_token)
    with deps.transaction() as connection:
        forget_hand_overs(connection, transaction_id)
        return restart_elsewhere(connection, transaction_id, was=was, becomes=becomes, at=deps.clock.now())
