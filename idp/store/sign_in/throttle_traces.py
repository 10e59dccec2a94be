"""What the audit trail says of delayed people and of SIRETs under attack: read by jobs, never by a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Exists, exists, func, select

from idp.domain.people.accounts import Role
from idp.domain.platform.audit_events import AuditEvent
from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.people.accounts import accounts
from idp.store.platform.audit import audit_events
from idp.store.sign_in.sessions import SIGN_IN_STATES

BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Owner:
    """Someone with a mailbox, whose sign-in was delayed."""

    account_id: int
    subject: str
    email: str
    locale: str
    family_name: str
    given_name: str
    client_id: str
    theme: str

    @property
    def names(self) -> Mapping[str, str]:
        """How the mail greets."""
        return {"family_name": self.family_name, "given_name": self.given_name}


def find_delayed_owners(connection: Connected, since: Instant, mailed_since: Instant) -> Sequence[Owner]:
    """Owners of a proven mailbox delayed after `since` and not mailed after `mailed_since`, with their last delay."""
    delayed = (
        select(func.max(audit_events.c.id).label("id"))
        .where(audit_events.c.event == AuditEvent.SIGN_IN_DELAYED, audit_events.c.at > since)
        .where(audit_events.c.subject != "")
        .group_by(audit_events.c.subject)
        .subquery()
    )
    named = (accounts.c.subject, accounts.c.email, accounts.c.locale, accounts.c.family_name, accounts.c.given_name)
    query = (
        select(accounts.c.id, *named, audit_events.c.client_id, audit_events.c.facts)
        .join(delayed, delayed.c.id == audit_events.c.id)
        .join(accounts, accounts.c.subject == audit_events.c.subject)
        .where(accounts.c.state.in_(SIGN_IN_STATES), accounts.c.email_verified_at.is_not(None))
        .where(accounts.c.password_hash.is_not(None), ~_mailed(mailed_since))
        .order_by(audit_events.c.id)
        .limit(BATCH)
    )
    return [
        Owner(
            row.id, row.subject, row.email, row.facts.get("locale") or row.locale, row.family_name, row.given_name,
            row.client_id, row.facts.get("theme", "default"),
        )
        for row in connection.execute(query)
    ]  # fmt: skip


def hold_unless_mailed(connection: Connected, account_id: int, mailed_since: Instant) -> bool:
    """Whether this owner still was not mailed; a second runner waits here until the first has committed."""
    connection.execute(select(accounts.c.id).where(accounts.c.id == account_id).with_for_update(key_share=True))
    query = select(accounts.c.id).where(accounts.c.id == account_id, ~_mailed(mailed_since))
    return connection.execute(query).first() is not None


def _mailed(since: Instant) -> Exists:
    # The trail, not the links: those are swept half an hour after they were sent.
    sent = audit_events.alias("sent")
    return exists().where(
        sent.c.subject == accounts.c.subject, sent.c.at > since, sent.c.event == AuditEvent.SIGN_IN_LINK_SENT
    )


def find_sirets_under_attack(connection: Connected, since: Instant, tries: int) -> Sequence[tuple[str, int]]:
    """SIRETs with at least so many tries in the window of a try after `since`, and the highest number seen."""
    facts = audit_events.c.facts
    seen = facts["siret_tries"].as_integer()
    query = (
        select(facts["siret"].as_string().label("siret"), func.max(seen))
        .where(audit_events.c.event.in_((AuditEvent.SIGN_IN_REFUSED, AuditEvent.SIGN_IN_DELAYED)))
        .where(audit_events.c.at > since, seen >= tries)
        .group_by("siret")
    )
    return [(siret, int(most)) for siret, most in connection.execute(query) if siret]


def was_alerted(connection: Connected, siret: str, since: Instant) -> bool:
    """Whether this SIRET's alert was raised after `since`."""
    query = (
        select(audit_events.c.id)
        .where(audit_events.c.event == AuditEvent.SIRET_ALERT_RAISED, audit_events.c.at > since)
        .where(audit_events.c.facts["siret"].as_string() == siret)
    )
    return connection.execute(query.limit(1)).first() is not None


@dataclass(frozen=True, slots=True)
class SiretAdministrator:
    """Who is told that an establishment's accounts are being tried."""

    subject: str
    email: str
    locale: str
    family_name: str
    given_name: str

    @property
    def names(self) -> Mapping[str, str]:
        """How the mail greets."""
        return {"family_name": self.family_name, "given_name": self.given_name}


def find_administrators(connection: Connected, siret: str) -> Sequence[SiretAdministrator]:
    """The active administrators of this establishment with a proven mailbox."""
    named = (accounts.c.subject, accounts.c.email, accounts.c.locale, accounts.c.family_name, accounts.c.given_name)
    query = select(*named).where(
        accounts.c.siret == siret,
        accounts.c.role == Role.ADMINISTRATOR,
        accounts.c.state == "active",
        accounts.c.email_verified_at.is_not(None),
    )
    return [SiretAdministrator(*row) for row in connection.execute(query.order_by(accounts.c.id))]
