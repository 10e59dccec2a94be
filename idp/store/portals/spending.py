"""What must happen once to a grant: a code spent, a refresh generation moved, an end put to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, insert, update

from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.portals.authorizations import authorizations, refresh_families
from idp.store.prepared import Prepared

CONSUME_CODE = Prepared(
    update(authorizations)
    .where(
        authorizations.c.id == bindparam("grant_id"),
        authorizations.c.redeemed_at.is_(None),
        authorizations.c.revoked_at.is_(None),
    )
    .values(redeemed_at=bindparam("now"))
)
INSERT_FAMILY = Prepared(
    insert(refresh_families).inline(),
    "id authorization_id client_id generation token_hash jkt x5t_s256 rotated_at last_used_at expires_at".split(),
)
MOVE_GENERATION = Prepared(
    update(refresh_families)
    .where(
        refresh_families.c.id == bindparam("family_id"),
        refresh_families.c.generation == bindparam("was"),
        refresh_families.c.token_hash == bindparam("old_hash"),
        refresh_families.c.revoked_at.is_(None),
    )
    .values(
        generation=bindparam("becomes"),
        token_hash=bindparam("new_hash"),
        previous_response=bindparam("response"),
        rotated_at=bindparam("now"),
        last_used_at=bindparam("now"),
    )
)

TOUCH_FAMILY = Prepared(
    update(refresh_families)
    .where(
        refresh_families.c.id == bindparam("family_id"),
        refresh_families.c.token_hash == bindparam("held_hash"),
        refresh_families.c.revoked_at.is_(None),
    )
    .values(last_used_at=bindparam("now"))
)


def consume_code(connection: Connected, grant_id: str, now: Instant) -> bool:
    """Spend the code; True for exactly one caller (RFC 6749 section 4.1.2). The row stays as long as what it gave."""
    values = {"grant_id": grant_id, "now": now}
    return CONSUME_CODE.run(connection, values) == 1


def insert_family(connection: Connected, row: Mapping[str, Any]) -> None:
    """Begin a refresh family."""
    INSERT_FAMILY.write(connection, row)


def move_generation(
    connection: Connected, family_id: str, was: int, *, old_hash: bytes, new_hash: bytes, response: bytes, now: Instant
) -> bool:
    """Replace the refresh token of this generation; True for exactly one caller."""
    values = {
        "family_id": family_id, "was": was, "becomes": was + 1, "old_hash": old_hash, "new_hash": new_hash,
        "response": response, "now": now,
    }  # fmt: skip
    return MOVE_GENERATION.run(connection, values) == 1


def touch_family(connection: Connected, family_id: str, *, held_hash: bytes, now: Instant) -> bool:
    """The refresh token that stays was used; False when it no longer holds."""
    return TOUCH_FAMILY.run(connection, {"family_id": family_id, "held_hash": held_hash, "now": now}) == 1


def revoke_grant(connection: Connected, grant_id: str, now: Instant) -> bool:
    """End a grant: its refresh tokens and access tokens are dead from now on; False when they were already."""
    open_families = (refresh_families.c.authorization_id == grant_id, refresh_families.c.revoked_at.is_(None))
    connection.execute(update(refresh_families).where(*open_families).values(revoked_at=now))
    open_grant = (authorizations.c.id == grant_id, authorizations.c.revoked_at.is_(None))
    return connection.execute(update(authorizations).where(*open_grant).values(revoked_at=now)).rowcount == 1
