"""What a person sees of their own connections, and taking a portal's lasting access back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.instants import Instant
from idp.domain.portals.clients import GATEWAY_CLIENT_ID
from idp.domain.sign_in.sessions import LiveSession
from idp.store.portals.connections import OfflineGrant as OfflineGrant  # pages show it
from idp.store.portals.connections import clients_of_sessions, offline_grants, revoke_authorization
from idp.store.portals.consents import Consent as Consent  # pages show it
from idp.store.portals.consents import list_consents
from idp.store.sign_in.sessions import list_live_sessions
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit
from idp.usecases.portals.clients import find_client_within

MOST_SHOWN = 8
"""More browsers than anybody has: what is beyond can be ended, not looked through."""


@dataclass(frozen=True, slots=True)
class ConnectedBrowser:
    """Sessions that look as if they were of one browser, the newest use first, and the portals they reached."""

    label: str
    sessions: Sequence[LiveSession]
    portals: tuple[str, ...]

    @property
    def ids(self) -> str:
        """What ends them all."""
        return " ".join(item.id for item in self.sessions)

    @property
    def begun(self) -> Instant:
        """When the first of them began."""
        return min(item.created_at for item in self.sessions)

    @property
    def newest(self) -> LiveSession:
        """The one that was used last."""
        return self.sessions[0]


@dataclass(frozen=True, slots=True)
class LastingAccess:
    """One grant that outlives sessions, and the portal's name."""

    grant: OfflineGrant
    portal: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was agreed to at one portal, and its name: its identifier when we do not know it any more."""

    consent: Consent
    portal: str


@dataclass(frozen=True, slots=True)
class Connections:
    """Everything of one person that is open now."""

    this: ConnectedBrowser
    others: Sequence[ConnectedBrowser]
    """At most MOST_SHOWN."""
    hidden: int
    """How many sessions are in none of these."""
    lasting: Sequence[LastingAccess]
    agreed: Sequence[Agreement] = ()


def list_connections(deps: Deps, session: LiveSession) -> Connections:
    """What is open for the account behind `session`."""
    now = deps.clock.now()
    with deps.read() as connection:
        live = list_live_sessions(connection, session.account_id, now, deps.lifetimes)
        reached = clients_of_sessions(connection, [item.id for item in live])
        grants = offline_grants(connection, session.account_id, now)
        agreed = list_consents(connection, session.account_id)
        given = {grant.client_id for grant in grants} | {item.client_id for item in agreed}
        ids = given.union(*reached.values()) - {GATEWAY_CLIENT_ID}
        found = {client_id: find_client_within(connection, deps, client_id) for client_id in ids}
    names = {client_id: client.client_name for client_id, client in found.items() if client is not None}
    others = _by_browser([item for item in live if item.id != session.id], reached, names)
    return Connections(
        _browser([session], reached, names),
        others[:MOST_SHOWN],
        sum(len(item.sessions) for item in others[MOST_SHOWN:]),
        [LastingAccess(grant, names[grant.client_id]) for grant in grants if grant.client_id in names],
        [Agreement(item, names.get(item.client_id) or item.client_id) for item in agreed],
    )


def take_back(deps: Deps, actor: Actor, session: LiveSession, *, authorization_id: str) -> bool:
    """End one lasting access of this account; False when there is no such one."""
    with deps.transaction() as connection:
        client_id = revoke_authorization(connection, authorization_id, session.account_id, deps.clock.now())
        if client_id is None:
            return False
        record = AuditRecord(AuditEvent.AUTHORIZATION_REVOKED, subject=session.subject, client_id=client_id)
        write_audit(connection, deps, actor, record)
    return True


def _by_browser(
    live: Sequence[LiveSession], reached: Mapping[str, Sequence[str]], names: Mapping[str, str]
) -> list[ConnectedBrowser]:
    by_label: dict[str, list[LiveSession]] = {}
    for item in live:
        by_label.setdefault(item.browser_label, []).append(item)
    return [_browser(items, reached, names) for items in by_label.values()]


def _browser(
    live: Sequence[LiveSession], reached: Mapping[str, Sequence[str]], names: Mapping[str, str]
) -> ConnectedBrowser:
    client_ids = {client_id for item in live for client_id in reached.get(item.id, ())}
    return ConnectedBrowser(live[0].browser_label, live, _names(names, client_ids))


def _names(names: Mapping[str, str], client_ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names[client_id] for client_id in client_ids if client_id in names))
