"""What a person agreed that a client may learn, and do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, select, update

from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.portals.authorizations import consents
from idp.store.unique_insert import insert_once

MOST_DETAILS = 50
"""Remembered; whoever agreed to more is asked again for the oldest."""


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
