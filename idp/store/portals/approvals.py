"""The clients that a person has signed in to, and has not turned away from."""

from __future__ import annotations

from sqlalchemy import bindparam, select, union

from idp.store.database import Connected
from idp.store.portals.authorizations import authorizations, consents

APPROVED = union(
    select(authorizations.c.client_id).where(
        authorizations.c.account_id == bindparam("account_id"), authorizations.c.revoked_at.is_(None)
    ),
    select(consents.c.client_id).where(consents.c.account_id == bindparam("account_id")),
)
"""Authorizations are forgotten when nothing lives that they gave; what was agreed to stays."""


def approved_clients(connection: Connected, account_id: int) -> frozenset[str]:
    """Their client_ids: one statement."""
    return frozenset(connection.execute(APPROVED, {"account_id": account_id}).scalars())
