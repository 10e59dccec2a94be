"""How far each file of accounts has been imported: moved in the transaction of its batch, so a resume is exact."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Column, Integer, Table, select, update

from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.metadata import instant, metadata, text
from idp.store.unique_insert import insert_once

account_imports = Table(
    "account_imports",
    metadata,
    text("file_digest", 64, primary_key=True),  # SHA-256 of the whole file: a corrected file is another import
    Column("records_done", Integer, nullable=False),
    Column("created", Integer, nullable=False),
    Column("kept", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    instant("started_at"),
    instant("updated_at"),
)


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How many records of a file are done, and what became of them."""

    records_done: int = 0
    created: int = 0
    kept: int = 0
    refused: int = 0


def find_progress(connection: Connected, file_digest: str) -> ImportProgress:
    """How far the file of that digest has come; nothing yet when it was never seen."""
    row = connection.execute(select(account_imports).where(account_imports.c.file_digest == file_digest)).first()
    return ImportProgress(row.records_done, row.created, row.kept, row.refused) if row else ImportProgress()


def move_progress(
    connection: Connected, file_digest: str, before: ImportProgress, after: ImportProgress, now: Instant
) -> bool:
    """Note that the file has come further; False when another run of the same file has moved meanwhile."""
    counts = {
        "records_done": after.records_done,
        "created": after.created,
        "kept": after.kept,
        "refused": after.refused,
        "updated_at": now,
    }
    if before == ImportProgress():
        return insert_once(connection, account_imports, {"file_digest": file_digest, "started_at": now, **counts})
    here = (account_imports.c.file_digest == file_digest, account_imports.c.records_done == before.records_done)
    return connection.execute(update(account_imports).where(*here).values(counts)).rowcount == 1
