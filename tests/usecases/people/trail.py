"""What a use case left behind: the audit trail, the jobs, the mails."""

from __future__ import annotations

from sqlalchemy import select

from idp.store.platform.audit import audit_events
from idp.store.platform.jobs import jobs, outbox
from idp.usecases.deps import Deps


def events(deps: Deps) -> list[str]:
    with deps.read() as connection:
        return list(connection.execute(select(audit_events.c.event).order_by(audit_events.c.id)).scalars())


def last_facts(deps: Deps) -> dict[str, str | int]:
    with deps.read() as connection:
        query = select(audit_events.c.facts).order_by(audit_events.c.id.desc()).limit(1)
        return dict(connection.execute(query).scalar_one())


def waiting_jobs(deps: Deps) -> list[tuple[str, dict[str, str]]]:
    with deps.read() as connection:
        return [(row.kind, row.payload) for row in connection.execute(select(jobs.c.kind, jobs.c.payload))]


def mails(deps: Deps) -> list[tuple[str, str]]:
    with deps.read() as connection:
        return [
            (row.message, row.recipient) for row in connection.execute(select(outbox.c.message, outbox.c.recipient))
        ]
