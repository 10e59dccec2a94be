"""Reading what a person gave a client: one join tells everything that tokens, userinfo and introspection need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.sql.selectable import FromClause

from idp.domain.platform.instants import Instant
from idp.domain.portals.claims import IdentityFacts
from idp.domain.portals.grants import Grant, HeldSession, RefreshFamily
from idp.store.database import Connected
from idp.store.people.accounts import accounts
from idp.store.people.legal_units import establishments, legal_units
from idp.store.platform.single_use import is_revoked
from idp.store.portals.authorizations import authorizations, client_cutoffs, refresh_families
from idp.store.sign_in.sessions import sessions

GRANT_COLUMNS = (
    authorizations.c["id"], authorizations.c["client_id"], authorizations.c["sid"], authorizations.c["scope"],
    authorizations.c["redirect_uri"], authorizations.c["resource"], authorizations.c["nonce"],
    authorizations.c["code_challenge"], authorizations.c["claims_request"], authorizations.c["offline"],
    authorizations.c["acr"], authorizations.c["amr"], authorizations.c["auth_time"], authorizations.c["issued_at"],
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
    refresh_families.c["id"].label("family_id"), refresh_families.c["client_id"].label("family_client_id"),
    refresh_families.c.generation, refresh_families.c.token_hash, refresh_families.c.rotated_at,
    refresh_families.c.previous_response, refresh_families.c.last_used_at,
    refresh_families.c.revoked_at.label("family_revoked_at"),
    refresh_families.c.expires_at.label("family_expires_at"),
)  # fmt: skip


def _joined(start: FromClause = authorizations) -> FromClause:
    return (
        start.join(accounts, accounts.c.id == authorizations.c.account_id)
        .join(establishments, establishments.c.siret == accounts.c.siret)
        .join(legal_units, legal_units.c.siren == establishments.c.siren)
        .outerjoin(sessions, sessions.c.id == authorizations.c.session_id)
        .outerjoin(client_cutoffs, client_cutoffs.c.client_id == authorizations.c.client_id)
    )


# Built once: building them costs more than running them, and SQLAlchemy finds the compiled text by the same object.
BY_CODE: Select[Any] = (
    select(*GRANT_COLUMNS).select_from(_joined()).where(authorizations.c.code_hash == bindparam("code_hash"))
)
BY_FAMILY: Select[Any] = (
    select(*GRANT_COLUMNS, *FAMILY_COLUMNS)
    .select_from(
        _joined(refresh_families.join(authorizations, authorizations.c.id == refresh_families.c.authorization_id))
    )
    .where(refresh_families.c.id == bindparam("family_id"))
)
BY_ACCESS_TOKEN: Select[Any] = (
    select(*GRANT_COLUMNS)
    .select_from(_joined())
    .where(authorizations.c.id == bindparam("grant_id"), ~is_revoked(bindparam("jti")))
)
MACHINE_TOKEN: Select[Any] = select(
    is_revoked(bindparam("jti")).label("revoked"),
    select(client_cutoffs.c.valid_from)
    .where(client_cutoffs.c.client_id == bindparam("client_id"))
    .scalar_subquery()
    .label("client_valid_from"),
)


@dataclass(frozen=True, slots=True)
class FamilyWithGrant:
    """A refresh family and the grant that it came from."""

    family: RefreshFamily
    grant: Grant


def find_grant_by_code(connection: Connected, code_hash: bytes) -> Grant | None:
    """What the authorization code of that hash stands for, redeemed or not: one statement."""
    row = connection.execute(BY_CODE, {"code_hash": code_hash}).first()
    return _grant(row) if row else None


def find_family(connection: Connected, family_id: str) -> FamilyWithGrant | None:
    """The refresh family of that identifier: one statement."""
    row = connection.execute(BY_FAMILY, {"family_id": family_id}).first()
    return FamilyWithGrant(_family(row), _grant(row)) if row else None


def find_grant_of_token(connection: Connected, grant_id: str, jti: str) -> Grant | None:
    """What an access token of a person rests on, or None when the token itself was revoked: one statement."""
    row = connection.execute(BY_ACCESS_TOKEN, {"grant_id": grant_id, "jti": jti}).first()
    return _grant(row) if row else None


def machine_token_holds(connection: Connected, client_id: str, jti: str, issued_at: Instant) -> bool:
    """Whether neither revocation nor cutoff has ended an access token that a client has in its own name."""
    row = connection.execute(MACHINE_TOKEN, {"client_id": client_id, "jti": jti}).one()
    return not row.revoked and (row.client_valid_from is None or issued_at >= row.client_valid_from)


def _grant(row: Row[Any]) -> Grant:
    return Grant(
        id=row.id,
        client_id=row.client_id,
        sid=row.sid,
        scopes=frozenset(row.scope.split()),
        redirect_uri=row.redirect_uri,
        resource=row.resource,
        nonce=row.nonce,
        code_challenge=row.code_challenge,
        claims_request=row.claims_request,
        offline=row.offline,
        acr=row.acr,
        amr=tuple(row.amr.split()),
        auth_time=row.auth_time,
        issued_at=row.issued_at,
        code_expires_at=row.code_expires_at,
        redeemed_at=row.redeemed_at,
        revoked_at=row.revoked_at,
        session=_session(row),
        client_valid_from=row.client_valid_from,
        account_valid_from=row.account_valid_from,
        account_state=row.state,
        person=_person(row),
    )


def _session(row: Row[Any]) -> HeldSession | None:
    if row.session_created_at is None:
        return None
    return HeldSession(row.session_created_at, row.session_last_seen_at, row.session_ended_at, row.session_expires_at)


def _person(row: Row[Any]) -> IdentityFacts:
    return IdentityFacts(
        subject=row.subject,
        given_name=row.given_name,
        family_name=row.family_name,
        email=row.email,
        email_verified=row.email_verified_at is not None,
        phone=row.phone,
        phone_verified=row.phone_verified_at is not None,
        role=row.role,
        locale=row.locale,
        siret=row.siret,
        siren=row.siren,
        organization_label=row.legal_unit_label or row.label,
        updated_at=row.updated_at,
    )


def _family(row: Row[Any]) -> RefreshFamily:
    return RefreshFamily(
        id=row.family_id,
        client_id=row.family_client_id,
        generation=row.generation,
        token_hash=row.token_hash,
        rotated_at=row.rotated_at,
        previous_response=row.previous_response,
        last_used_at=row.last_used_at,
        revoked_at=row.family_revoked_at,
        expires_at=row.family_expires_at,
    )
