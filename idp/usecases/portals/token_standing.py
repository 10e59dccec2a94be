"""Steps that say whether an access token still holds: one statement; one more for a token that was exchanged."""

from __future__ import annotations

from idp.domain.platform.instants import Instant
from idp.domain.portals.access_tokens import AccessToken
from idp.domain.portals.grants import Grant
from idp.store.database import Connected
from idp.store.portals.grants import find_grant_of_token, machine_token_holds


def token_holds(connection: Connected, token: AccessToken, now: Instant) -> bool:
    """Whether nothing has ended it: neither revocation, cutoff, session nor person."""
    if token.grant_id:
        return find_token_grant(connection, token, now) is not None
    return machine_token_holds(connection, token.client_id, token.jti, token.issued_at)


def find_token_grant(connection: Connected, token: AccessToken, now: Instant) -> Grant | None:
    """The grant that a person's access token rests on, while both hold. An exchanged one (RFC 8693) rests on the
    grant of another client, and the cutoff of its own client counts too."""
    grant = find_grant_of_token(connection, token.grant_id, token.jti)
    if grant is None or not grant.holds(now):
        return None
    if not token.is_exchanged:
        return grant if grant.client_id == token.client_id else None
    return grant if machine_token_holds(connection, token.client_id, token.jti, token.issued_at) else None
