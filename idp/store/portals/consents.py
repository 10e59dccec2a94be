"""What a person agreed that a client may learn, and do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, delete, select, update

from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.portals.authorizations import consents
from idp.store.unique_insert import insert_once

MOST_DETAILS = 50
"""Remembered; whoever agreed to more is asked again for the oldest."""


CONSENTS = (
    select(consents.c.client_id, consents.c.scope, consents.c.details, consents.c.updated_at)
    .where(consents.c.account_id == bindparam("account_id"))
    .order_by(consents.c.updated_at.desc(), consents.c.client_id)
)
FORGET = delete(consents).where(
    consents.c.account_id == bindparam("owner_id"), consents.c.client_id == bindparam("agreed_client")
)


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person agreed to at one portal, all times together."""

    client_id: str
    scopes: tuple[str, ...]
    details: tuple[Mapping[str, Any], ...]
    updated_at: Instant


def list_consents(connection: Connected, account_id: int) -> list[Consent]:
    """Everything that this person agreed to, the newest first."""
    rows = connection.execute(CONSENTS, {"account_id": account_id})
    return [
        Consent(row.client_id, tuple(row.scope.split()), tuple(row.details or ()), Instant(row.updated_at))
        for row in rows
    ]


def forget_consent(connection: Connected, account_id: int, client_id: str) -> bool:
    """This person agrees to nothing there any more; False when they did not."""
    return connection.execute(FORGET, {"owner_id": account_id, "agreed_client": client_id}).rowcount == 1


def add_consent(
    connection: Connected,
    account_id: int,
    client_id: str,
    scopes: Iterable[str],
    now: Instant,
    details: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Agree to these scopes and details beside those agreed to before."""
    given = {"account_id": account_id, "client_id": client_id, "given_at": now, "updated_at": now}
    if insert_once(connection, consents, given | {"scope": _text(scopes), "details": _newest((), details)}):
        return
    here = and_(consents.c.account_id == account_id, consents.c.client_id == client_id)
    known = select(consents.c.scope, consents.c.details).where(here).with_for_update()
    scope, agreed = connection.execute(known).one()
    values = {"scope": _text({*scope.split(), *scopes}), "details": _newest(agreed or (), details), "updated_at": now}
    connection.execute(update(consents).where(here).values(values))


def _text(scopes: Iterable[str]) -> str:
    return " ".join(sorted(set(scopes)))


def _newest(known: Sequence[Mapping[str, Any]], added: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]] | None:
    kept = [*(dict(item) for item in known if item not in added), *map(dict, added)]
    return kept[-MOST_DETAILS:] or None
