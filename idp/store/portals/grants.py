"""Reading what a person gave a client: one join tells everything that tokens, userinfo and introspection need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.sql.selectable import FromClause

from idp.domain.platform.instants import SECOND, Instant
from idp.domain.portals.claims import IdentityFacts
from idp.domain.portals.grants import Grant, HeldSession, RefreshFamily
from idp.store.database import Connected
from idp.store.people.accounts import accounts
from idp.store.people.legal_units import establishments, legal_units
from idp.store.platform.single_use import is_revoked
from idp.store.portals.authorizations import authorizations, client_cutoffs, refresh_families
from idp.store.prepared import Prepared
from idp.store.sign_in.sessions import sessions

GRANT_COLUMNS = (
    authorizations.c["id"], authorizations.c["client_id"], authorizations.c["sid"], authorizations.c["scope"],
    authorizations.c["redirect_uri"], authorizations.c["resource"], authorizations.c["nonce"],
    authorizations.c["code_challenge"], authorizations.c["dpop_jkt"],
    authorizations.c["claims_request"], authorizations.c["details"], authorizations.c["offline"],
    authorizations.c["acr"], authorizations.c["amr"], authorizations.c["channel"], authorizations.c["auth_time"],
    authorizations.c["issued_at"],
    authorizations.c["code_expires_at"], authorizations.c["redeemed_at"], authorizations.c["revoked_at"],
    sessions.c.created_at.label("session_created_at"), sessions.c.last_seen_at.label("session_last_seen_at"),
    sessions.c.ended_at.label("session_ended_at"), sessions.c.expires_at.label("session_expires_at"),
    client_cutoffs.c.valid_from.label("client_valid_from"), accounts.c.valid_from.label("account_valid_from"),
    accounts.c.state, accounts.c.subject, accounts.c.given_name, accounts.c.family_name, accounts.c.email,
    accounts.c.email_verified_at, accounts.c.phone, accounts.c.phone_verified_at, accounts.c.role, accounts.c.locale,
    accounts.c.siret, accounts.c.updated_at, establishments.c.siren, establishments.c.label,
    legal_units.c.label.label("legal_unit_label"),
)  # fmt: skip
FAMILY_COLUMNS = (
    refresh_families.c["id"], refresh_families.c["client_id"],
    refresh_families.c.generation, refresh_families.c.token_hash, refresh_families.c.rotated_at,
    refresh_families.c.previous_response, refresh_families.c.last_used_at,
    refresh_families.c.revoked_at.label("family_revoked_at"),
    refresh_families.c.expires_at.label("family_expires_at"),
    refresh_families.c.jkt, refresh_families.c.x5t_s256,
)  # fmt: skip


def _joined(start: FromClause = authorizations) -> FromClause:
    return (
        start.join(accounts, accounts.c.id == authorizations.c.account_id)
        .join(establishments, establishments.c.siret == accounts.c.siret)
        .join(legal_units, legal_units.c.siren == establishments.c.siren)
        .outerjoin(sessions, sessions.c.id == authorizations.c.session_id)
        .outerjoin(client_cutoffs, client_cutoffs.c.client_id == authorizations.c.client_id)
    )


BY_CODE = Prepared(
    select(*GRANT_COLUMNS).select_from(_joined()).where(authorizations.c.code_hash == bindparam("code_hash"))
)
BY_FAMILY = Prepared(
    select(*GRANT_COLUMNS, *FAMILY_COLUMNS)
    .select_from(
        _joined(refresh_families.join(authorizations, authorizations.c.id == refresh_families.c.authorization_id))
    )
    .where(refresh_families.c.id == bindparam("family_id"))
)
BY_ACCESS_TOKEN = Prepared(
    select(*GRANT_COLUMNS)
    .select_from(_joined())
    .where(authorizations.c.id == bindparam("grant_id"), ~is_revoked(bindparam("jti")))
)
BY_SID = Prepared(
    select(*GRANT_COLUMNS)
    .select_from(_joined())
    .where(
        authorizations.c.sid == bindparam("sid"),
        authorizations.c.client_id == bindparam("client_id"),
        authorizations.c.auth_time.between(bindparam("from_time"), bindparam("to_time")),
        authorizations.c.redeemed_at.is_not(None),
        authorizations.c.revoked_at.is_(None),
    )
    .order_by(authorizations.c.issued_at.desc())
    .limit(1)
)
MACHINE_TOKEN = Prepared(
    select(
        is_revoked(bindparam("jti")).label("revoked"),
        select(client_cutoffs.c.valid_from)
        .where(client_cutoffs.c.client_id == bindparam("client_id"))
        .scalar_subquery()
        .label("client_valid_from"),
    )
)


@dataclass(frozen=True, slots=True)
class FamilyWithGrant:
    """A refresh family and the grant that it came from."""

    family: RefreshFamily
    grant: Grant


def find_grant_by_code(connection: Connected, code_hash: bytes) -> Grant | None:
    """What the authorization code of that hash stands for, redeemed or not: one statement."""
    row = BY_CODE.first(connection, {"code_hash": code_hash})
    return _grant(row) if row else None


def find_family(connection: Connected, family_id: str) -> FamilyWithGrant | None:
    """The refresh family of that identifier: one statement."""
    row = BY_FAMILY.first(connection, {"family_id": family_id})
    if row is None:
        return None
    return FamilyWithGrant(RefreshFamily(*row[len(GRANT_COLUMNS) :]), _grant(row[: len(GRANT_COLUMNS)]))


def find_grant_of_token(connection: Connected, grant_id: str, jti: str) -> Grant | None:
    """What an access token of a person rests on, or None when the token itself was revoked: one statement."""
    row = BY_ACCESS_TOKEN.first(connection, {"grant_id": grant_id, "jti": jti})
    return _grant(row) if row else None


def find_grant_of_session(connection: Connected, sid: str, client_id: str, auth_time: int) -> Grant | None:
    """The newest grant of the sign-in of that second to this client that nobody has revoked: one statement."""
    start = auth_time * SECOND
    values = {"sid": sid, "client_id": client_id, "from_time": start, "to_time": start + SECOND - 1}
    row = BY_SID.first(connection, values)
    return _grant(row) if row else None


def machine_token_holds(connection: Connected, client_id: str, jti: str, issued_at: Instant) -> bool:
    """Whether neither revocation nor cutoff has ended an access token that a client has in its own name."""
    row = MACHINE_TOKEN.first(connection, {"client_id": client_id, "jti": jti})
    return row is not None and not row[0] and (row[1] is None or issued_at >= row[1])


def _grant(row: Sequence[Any]) -> Grant:
    """The grant of a row of GRANT_COLUMNS: its own columns, the session's, the limits, the person's."""
    own, session, person = row[:20], row[20:24], row[27:]
    (
        grant_id, client_id, sid, scope, redirect_uri, resource, nonce, code_challenge, dpop_jkt, claims_request,
        details, offline, acr, amr, channel, auth_time, issued_at, code_expires_at, redeemed_at, revoked_at,
    ) = own  # fmt: skip
    return Grant(
        grant_id, client_id, sid, frozenset(scope.split()), redirect_uri, tuple(resource.split()), nonce,
        code_challenge, dpop_jkt, claims_request, tuple(details or ()), offline, acr, tuple(amr.split()), channel,
        auth_time, issued_at, code_expires_at, redeemed_at, revoked_at,
        HeldSession(*session) if session[0] is not None else None,
        row[24], row[25], row[26], _person(*person),
    )  # fmt: skip


def _person(
    subject: str, given_name: str, family_name: str, email: str, email_verified_at: int | None, phone: str,
    phone_verified_at: int | None, role: str, locale: str, siret: str, updated_at: Instant, siren: str, label: str,
    legal_unit_label: str,
) -> IdentityFacts:  # fmt: skip
    return IdentityFacts(
        subject, given_name, family_name, email, email_verified_at is not None, phone, phone_verified_at is not None,
        role, locale, siret, siren, legal_unit_label or label, updated_at,
    )  # fmt: skip
