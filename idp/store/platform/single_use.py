"""Identifiers that count once: assertion jti (per issuer) and revoked access tokens."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256

from sqlalchemy import ColumnElement, Exists, Table, exists

from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.metadata import instant, metadata, text
from idp.store.unique_insert import insert_once, insert_once_prepared

used_identifiers = Table(
    "used_identifiers",
    metadata,
    text("purpose", 32, primary_key=True),
    text("issuer", 255, primary_key=True),
    text("identifier", 64, primary_key=True),  # base64url SHA-256 of what was presented
    instant("expires_at", index=True),
)

revoked_tokens = Table(
    "revoked_tokens",
    metadata,
    text("jti", 64, primary_key=True),
    instant("expires_at", index=True),
)


SPEND = insert_once_prepared(used_identifiers)


def spend(connection: Connected, purpose: str, issuer: str, identifier: str, expires_at: Instant) -> bool:
    """Whether this identifier of this issuer is presented for the first time (RFC 7523 section 3, `jti`)."""
    digest = urlsafe_b64encode(sha256(identifier.encode()).digest()).rstrip(b"=").decode()
    row = {"purpose": purpose, "issuer": issuer, "identifier": digest, "expires_at": expires_at}
    return SPEND.run(connection, row) == 1


def revoke_jti(connection: Connected, jti: str, expires_at: Instant) -> bool:
    """Mark one access token as revoked until it would have died by itself; False when it was already."""
    return insert_once(connection, revoked_tokens, {"jti": jti, "expires_at": expires_at})


def is_revoked(jti: str | ColumnElement[str]) -> Exists:
    """The condition to put in the read that loads everything else about a token."""
    return exists().where(revoked_tokens.c.jti == jti)
