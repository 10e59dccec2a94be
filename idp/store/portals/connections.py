"""What a person is connected to: the portals of each session, and the grants that outlive sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select, update

from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.people.accounts import accounts
from idp.store.portals.authorizations import authorizations, client_cutoffs, refresh_families

SESSION_CLIENTS = (
    select(authorizations.c.session_id, authorizations.c.client_id)
    .where(authorizations.c.session_id.in_(bindparam("session_ids", expanding=True)))
    .distinct()
)
OFFLINE = (
    select(
        authorizations.c.id,
        authorizations.c.client_id,
        authorizations.c.issued_at,
        func.max(refresh_families.c.last_used_at).label("last_used_at"),
        func.max(refresh_families.c.expires_at).label("expires_at"),
    )
    .join(refresh_families, refresh_families.c.authorization_id == authorizations.c.id)
    .join(accounts, accounts.c.id == authorizations.c.account_id)
    .outerjoin(client_cutoffs, client_cutoffs.c.client_id == authorizations.c.client_id)
    .where(
        authorizations.c.account_id == bindparam("account_id"),
        authorizations.c.offline.is_(True),
        authorizations.c.revoked_at.is_(None),
        refresh_families.c.revoked_at.is_(None),
        refresh_families.c.expires_at > bindparam("now"),
        authorizations.c.issued_at >= accounts.c.valid_from,
        authorizations.c.issued_at >= func.coalesce(client_cutoffs.c.valid_from, 0),
    )
    .group_by(authorizations.c.id, authorizations.c.client_id, authorizations.c.issued_at)
    .order_by(authorizations.c.issued_at.desc())
)
REVOKE = (
    update(authorizations)
    .where(
        authorizations.c.id == bindparam("authorization_id"),
        authorizations.c.account_id == bindparam("owner_id"),
        authorizations.c.revoked_at.is_(None),
    )
    .values(revoked_at=bindparam("now"))
    .returning(authorizations.c.client_id)
)

REVOKE_ALL = (
    update(authorizations)
    .where(
        authorizations.c.account_id == bindparam("owner_id"),
        authorizations.c.client_id == bindparam("at_client"),
        authorizations.c.revoked_at.is_(None),
    )
    .values(revoked_at=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class OfflineGrant:
    """A portal that may act without the person being there."""

    authorization_id: str
    client_id: str
    given_at: Instant
    last_used_at: Instant
    expires_at: Instant


def clients_of_sessions(connection: Connected, session_ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """The client_ids that each of these sessions reached."""
    reached: dict[str, list[str]] = {}
    for row in connection.execute(SESSION_CLIENTS, {"session_ids": list(session_ids)}):
        reached.setdefault(row.session_id, []).append(row.client_id)
    return reached


def offline_grants(connection: Connected, account_id: int, now: Instant) -> list[OfflineGrant]:
    """The grants of this account that live without a session, newest first."""
    rows = connection.execute(OFFLINE, {"account_id": account_id, "now": now})
    return [
        OfflineGrant(row.id, row.client_id, Instant(row.issued_at), Instant(row.last_used_at), Instant(row.expires_at))
        for row in rows
    ]


def revoke_authorization(connection: Connected, authorization_id: str, account_id: int, now: Instant) -> str | None:
    """End an authorization of this account and all that it gave; its client_id, or None when there was none."""
    values = {"authorization_id": authorization_id, "owner_id": account_id, "now": now}
    return connection.execute(REVOKE, values).scalar_one_or_none()


def revoke_authorizations(connection: Connected, account_id: int, client_id: str, now: Instant) -> int:
    """End everything that this client was given for this account; how many authorizations there were."""
    return connection.execute(REVOKE_ALL, {"owner_id": account_id, "at_client": client_id, "now": now}).rowcount
