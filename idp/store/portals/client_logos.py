"""Our copies of registered clients' logos."""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy import delete, insert, select

from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.portals.registered_clients import registered_logos


def keep_logo(connection: Connected, client_id: str, png: bytes, now: Instant) -> None:
    """Serve this picture from now on."""
    forget_logo(connection, client_id)
    row = {"client_id": client_id, "png": png, "digest": sha256(png).hexdigest(), "fetched_at": now}
    connection.execute(insert(registered_logos), row)


def forget_logo(connection: Connected, client_id: str) -> None:
    """Serve none."""
    connection.execute(delete(registered_logos).where(registered_logos.c.client_id == client_id))


def find_logo(connection: Connected, client_id: str) -> bytes | None:
    """The picture, a PNG that we wrote."""
    found = select(registered_logos.c.png).where(registered_logos.c.client_id == client_id)
    png = connection.execute(found).scalar_one_or_none()
    return None if png is None else bytes(png)
