"""What a person agreed that a client may learn."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import and_, select, update

from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.portals.authorizations import consents
from idp.store.unique_insert import insert_once


def add_consent(connection: Connected, account_id: int, client_id: str, scopes: Iterable[str], now: Instant) -> None:
    """Agree to these scopes beside those agreed to before."""
    row = {"account_id": account_id, "client_id": client_id, "scope": _text(scopes), "given_at": now, "updated_at": now}
    if insert_once(connection, consents, row):
        return
    here = and_(consents.c.account_id == account_id, consents.c.client_id == client_id)
    known = connection.execute(select(consents.c.scope).where(here).with_for_update()).scalar_one()
    connection.execute(update(consents).where(here).values(scope=_text({*known.split(), *scopes}), updated_at=now))


def _text(scopes: Iterable[str]) -> str:
    return " ".join(sorted(set(scopes)))
