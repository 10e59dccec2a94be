"""People and their accounts: one account per person and establishment."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table, UniqueConstraint

from idp.store.metadata import RowNumber, instant, metadata, reference, text

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
