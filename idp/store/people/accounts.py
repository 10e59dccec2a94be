"""People and their accounts: one account per person and establishment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    Row,
    Table,
    UniqueConstraint,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from idp.domain.people.accounts import Account, AccountState, Role
from idp.domain.people.identities import FormerIdentity
from idp.domain.people.password_hashes import cost_of
from idp.domain.people.siret import Siret
from idp.domain.people.triplets import TripletKey
from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.metadata import RowNumber, instant, metadata, reference, text
from idp.store.people.legal_units import establishments
from idp.store.prepared import Prepared
from idp.store.unique_insert import insert_once

people = Table(
    "people",
    metadata,
    text("id", 32, primary_key=True),
    instant("created_at"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", RowNumber, primary_key=True, autoincrement=True),
    text("subject", 43, unique=True),  # immutable and opaque
    reference("person_id", "people.id", index=True),
    reference("siret", "establishments.siret", ondelete="RESTRICT"),
    text("family_name", 64),  # registered spelling, NFC
    text("given_name", 64),
    text("family_name_key", 256),  # canonical key
    text("given_name_key", 256),
    text("email", 254, index=True),
    instant("email_verified_at", nullable=True),
    text("phone", 32, default=""),
    instant("phone_verified_at", nullable=True),
    text("role", 16),
    text("state", 16),
    text("locale", 8, default="fr"),
    text("password_hash", nullable=True),  # "pepperid$" + bcrypt hash, or NULL: no password
    Column("password_cost", Integer, nullable=True, index=True),  # of password_hash: the highest is what refusals reach
    instant("password_changed_at", nullable=True),
    Column("valid_from", BigInteger, nullable=False),  # sessions, devices, families and tokens older than this are dead
    instant("created_at"),
    instant("updated_at"),
    UniqueConstraint("siret", "family_name_key", "given_name_key", name="uq_accounts_triplet"),
)

identity_history = Table(
    "identity_history",
    metadata,
    Column("id", RowNumber, primary_key=True, autoincrement=True),
    reference("account_id", "accounts.id", index=True),
    text("siret", 14),
    text("family_name", 64),
    text("given_name", 64),
    instant("until"),
    text("changed_by"),
)

NOBODY = TripletKey(Siret(), "", "")
"""What is looked up for a malformed triplet: no row has it, and the same statement runs."""


@dataclass(frozen=True, slots=True)
class AccountRow:
    """What sign-in needs to know of an account: one statement."""

    account: Account
    password_hash: str | None
    password_changed_at: Instant | None
    establishment_label: str
    closed_at: Instant | None
    """When the establishment was closed, or None."""
    successor_siret: Siret | None


@dataclass(frozen=True, slots=True)
class HashCount:
    """How many accounts keep their password under this pepper at this cost."""

    pepper_id: str
    cost: int
    accounts: int


ACCOUNT_ROWS = select(
    accounts,
    establishments.c.label.label("establishment_label"),
    establishments.c.closed_at,
    establishments.c.successor_siret,
).join(establishments, establishments.c.siret == accounts.c.siret)
_TYPED = and_(
    accounts.c.siret == bindparam("siret"),
    accounts.c.family_name_key == bindparam("family"),
    accounts.c.given_name_key == bindparam("given"),
)
FIND_BY_TRIPLET = Prepared(ACCOUNT_ROWS.where(_TYPED))
ACCOUNT_ROW_NAMES = tuple(ACCOUNT_ROWS.selected_columns.keys())
FIND_BY_SUBJECT = ACCOUNT_ROWS.where(accounts.c.subject == bindparam("subject"))
HOLD = Prepared(
    select(accounts.c.id)
    .where(accounts.c.id == bindparam("account_id"), accounts.c.valid_from == bindparam("since"))
    .with_for_update(key_share=True)
)
_HASHES = select(func.max(accounts.c.password_cost).label("highest_cost")).subquery("hashes")
FIND_TO_COMPARE = Prepared(
    select(_HASHES.c.highest_cost, *ACCOUNT_ROWS.selected_columns).select_from(
        _HASHES.outerjoin(accounts, _TYPED).outerjoin(establishments, establishments.c.siret == accounts.c.siret)
    )
)


def find_by_triplet(connection: Connected, key: TripletKey | None) -> AccountRow | None:
    """The account of that canonical triplet; None for no such account and for a malformed triplet (key None)."""
    row = FIND_BY_TRIPLET.first(connection, _typed(key))
    return _named(row) if row else None


def _typed(key: TripletKey | None) -> Mapping[str, str]:
    wanted = key or NOBODY
    return {"siret": wanted.siret, "family": wanted.family_name_key, "given": wanted.given_name_key}


def _named(row: Sequence[Any]) -> AccountRow:
    return _to_account_row(SimpleNamespace(**dict(zip(ACCOUNT_ROW_NAMES, row, strict=True))))


def find_by_subject(connection: Connected, subject: str) -> AccountRow | None:
    """The account of that subject identifier."""
    row = connection.execute(FIND_BY_SUBJECT, {"subject": subject}).first()
    return _to_account_row(row) if row else None


def find_to_compare(connection: Connected, key: TripletKey | None) -> tuple[AccountRow | None, int]:
    """The same, and the highest bcrypt cost among stored hashes (the end of an index), 0 when there is none.

    One statement and one row, whether the account is there or not.
    """
    highest, *row = FIND_TO_COMPARE.first(connection, _typed(key)) or (None, None)
    return (None if row[0] is None else _named(row)), highest or 0


def count_hashes(connection: Connected, pepper_ids: Sequence[str]) -> Sequence[HashCount]:
    """How many passwords are kept under each of these peppers and each cost; under any other pepper, as ""."""
    known = [(accounts.c.password_hash.startswith(f"{name}$", autoescape=True), name) for name in pepper_ids]
    pepper = case(*known, else_="").label("pepper_id")
    rows = connection.execute(
        select(pepper, accounts.c.password_cost.label("cost"), func.count().label("accounts"))
        .where(accounts.c.password_hash.is_not(None))
        .group_by(pepper, accounts.c.password_cost)
        .order_by(pepper, accounts.c.password_cost)
    )
    return [HashCount(row.pepper_id, row.cost, row.accounts) for row in rows]


def insert_person(connection: Connected, person_id: str, now: Instant) -> bool:
    """The person, who may have several accounts, is there; whether this made them."""
    return insert_once(connection, people, {"id": person_id, "created_at": now})


def delete_person(connection: Connected, person_id: str) -> None:
    """Remove a person who has no account."""
    connection.execute(delete(people).where(people.c.id == person_id))


def insert_account(connection: Connected, row: Mapping[str, Any]) -> bool:
    """Add an account; False when its triplet is taken."""
    return insert_once(connection, accounts, row)


def hold_if_valid_from(connection: Connected, account_id: int, valid_from: Instant) -> bool:
    """Whether nothing that ends sessions has happened since `valid_from`; and nothing will until commit."""
    return HOLD.first(connection, {"account_id": account_id, "since": valid_from}) is not None


def renew_password_hash(connection: Connected, account_id: int, old_hash: str, new_hash: str) -> bool:
    """The same password under a new cost or pepper; False when the password was changed meanwhile."""
    changed = connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id, accounts.c.password_hash == old_hash)
        .values(password_hash=new_hash, password_cost=cost_of(new_hash))
    )
    return changed.rowcount == 1


def set_password(connection: Connected, account_id: int, new_hash: str, now: Instant) -> bool:
    """Another password; what was opened before `now` is dead. False when the account was radiated meanwhile."""
    changed = connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id, accounts.c.state != AccountState.RADIATED)
        .values(
            password_hash=new_hash,
            password_cost=cost_of(new_hash),
            password_changed_at=now,
            valid_from=now,
            updated_at=now,
        )
    )
    return changed.rowcount == 1


def set_state(
    connection: Connected,
    account_id: int,
    before: AccountState,
    wanted: AccountState,
    now: Instant,
    *,
    cuts_off: bool,
) -> bool:
    """Another state; False when the account is no longer in the one it was in. `cuts_off` moves `valid_from`."""
    changed = connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id, accounts.c.state == before)
        .values({"state": wanted, "updated_at": now} | ({"valid_from": now} if cuts_off else {}))
    )
    return changed.rowcount == 1


def set_identity(
    connection: Connected, account_id: int, key: TripletKey, family_name: str, given_name: str, now: Instant
) -> bool:
    """Another triplet, in its registered spelling and as a key; False when another account has come to it first.

    The unique triplet decides. Within a savepoint: PostgreSQL would end the whole transaction with the failure.
    """
    changed = (
        update(accounts)
        .where(accounts.c.id == account_id)
        .values(
            siret=key.siret,
            family_name=family_name,
            given_name=given_name,
            family_name_key=key.family_name_key,
            given_name_key=key.given_name_key,
            updated_at=now,
        )
    )
    try:
        with connection.begin_nested():
            connection.execute(changed)
    except IntegrityError:
        return False
    return True


def insert_history(connection: Connected, account: Account, *, until: Instant, changed_by: str) -> None:
    """Remember by what the account was found until now."""
    connection.execute(
        insert(identity_history).values(
            account_id=account.id,
            siret=account.siret,
            family_name=account.family_name,
            given_name=account.given_name,
            until=until,
            changed_by=changed_by,
        )
    )


def list_history(connection: Connected, account_id: int) -> Sequence[FormerIdentity]:
    """By what the account was found before, oldest first."""
    rows = connection.execute(
        select(identity_history).where(identity_history.c.account_id == account_id).order_by(identity_history.c.id)
    )
    return [
        FormerIdentity(Siret(row.siret), row.family_name, row.given_name, Instant(row.until), row.changed_by)
        for row in rows
    ]


def _to_account_row(row: Row[Any] | SimpleNamespace) -> AccountRow:
    return AccountRow(
        account=to_account(row),
        password_hash=row.password_hash,
        password_changed_at=row.password_changed_at,
        establishment_label=row.establishment_label,
        closed_at=row.closed_at,
        successor_siret=Siret(row.successor_siret) if row.successor_siret else None,
    )


def to_account(row: Row[Any] | SimpleNamespace) -> Account:
    """The account in a row that holds every column of the table."""
    return Account(
        id=row.id,
        subject=row.subject,
        person_id=row.person_id,
        siret=Siret(row.siret),
        family_name=row.family_name,
        given_name=row.given_name,
        email=row.email,
        email_verified=row.email_verified_at is not None,
        phone=row.phone,
        phone_verified=row.phone_verified_at is not None,
        role=Role(row.role),
        state=AccountState(row.state),
        locale=row.locale,
        valid_from=Instant(row.valid_from),
        created_at=Instant(row.created_at),
        updated_at=Instant(row.updated_at),
    )
