"""Telling portals that a session ended: the first attempt at once, the others by whoever runs the jobs.

OpenID Connect Back-Channel Logout 1.0. Owns the lease of an attempt, and what follows from its answer. A logout token
is signed for each attempt, with a jti of its own, and stored nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from idp.adapters.outbound import OutboundAnswer
from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.instants import DAY, SECOND, after
from idp.domain.portals.clients import GATEWAY_CLIENT_ID, Client
from idp.domain.portals.logout import (
    LOGOUT_TOKEN_TYPE,
    DeliveryStatus,
    LogoutNotice,
    LogoutOutcome,
    after_attempt,
    logout_token_claims,
)
from idp.domain.portals.subjects import client_subject
from idp.store.database import Connected
from idp.store.portals.logout import (
    DeliveryRow,
    insert_delivery,
    lease_deliveries,
    reached_portals,
    settle_delivery,
)
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit
from idp.usecases.portals.clients import find_client_within
from idp.usecases.portals.encrypting import NESTED, encrypted

PATIENCE = 2 * SECOND
"""How long a browser waits for the portals' answers."""
DELIVERY_KEPT = 30 * DAY
AT_ONCE = 16
"""Each attempt has a thread of its own, so that a lease outlives them all."""


@dataclass(frozen=True, slots=True)
class PortalAnswer:
    """What one portal answered, under the name that a person knows it by."""

    client_id: str
    name: str
    outcome: LogoutOutcome


@dataclass(frozen=True, slots=True)
class Telling:
    """Portals to be told of an end, and the sender that holds the leases of their first attempts."""

    sender: str = ""
    notices: Sequence[LogoutNotice] = ()


def note_portals(connection: Connected, deps: Deps, subject: str, session_ids: Sequence[str]) -> Telling:
    """The portals that are owed a logout token, remembered in the open transaction. Our own pages are none.

    Their first attempts are leased to the one who noted them: if it dies, a job runner makes them.
    """
    salt, sender = deps.pairwise_salt(), deps.random.token(16)
    reached = [item for item in reached_portals(connection, session_ids) if item.client_id != GATEWAY_CLIENT_ID]
    notices = [
        LogoutNotice(deps.random.token(16), client, client_subject(client, subject, salt), portal.sid)
        for portal in reached
        if (client := find_client_within(connection, deps, portal.client_id)) is not None
    ]
    noted = [notice for notice in notices if _note(connection, deps, sender, notice)]
    return Telling(sender, tuple(noted))


def _note(connection: Connected, deps: Deps, sender: str, notice: LogoutNotice) -> bool:
    """Whether this portal is told by us: nobody else has noted the same end."""
    if not notice.client.backchannel_logout_uri:
        return True
    now = deps.clock.now()
    row = {"id": notice.id, "client_id": notice.client_id, "subject": notice.subject, "sid": notice.sid}
    lease = {"leased_by": sender, "leased_until": after(now, deps.lifetimes.lease)}
    times = {"created_at": now, "next_at": now, "expires_at": after(now, DELIVERY_KEPT)}
    return insert_delivery(connection, {**row, **lease, **times, "status": DeliveryStatus.WAITING})


def tell(deps: Deps, actor: Actor, telling: Telling) -> tuple[PortalAnswer, ...]:
    """Every portal's answer; one that has none in time is late, and its answer is still recorded when it comes."""
    outcomes = deps.couriers.carry(_errands(deps, actor, telling), within=PATIENCE)
    return tuple(
        PortalAnswer(notice.client.client_id, notice.client.client_name, outcome or LogoutOutcome.LATE)
        for notice, outcome in zip(telling.notices, outcomes, strict=True)
    )


def tell_unawaited(deps: Deps, actor: Actor, telling: Telling) -> None:
    """Begin to tell them; nobody waits for their answers."""
    deps.couriers.dispatch(_errands(deps, actor, telling))


def tell_those_due(deps: Deps, actor: Actor, runner: str) -> int:
    """Make every further attempt that is due and that no other runner makes; how many there were."""
    now = deps.clock.now()
    with deps.transaction() as connection:
        rows = lease_deliveries(connection, runner, now, after(now, deps.lifetimes.lease), AT_ONCE)
        notices = tuple(_notice(connection, deps, row) for row in rows)
    if notices:
        deps.couriers.carry(_errands(deps, actor, Telling(runner, notices)), within=deps.lifetimes.lease)
    return len(notices)


def _notice(connection: Connected, deps: Deps, row: DeliveryRow) -> LogoutNotice:
    """With the client as it is now; one that is gone has no address, and is given up."""
    client = find_client_within(connection, deps, row.client_id) or Client(row.client_id)
    return LogoutNotice(row.id, client, row.subject, row.sid, row.attempts)


def _errands(deps: Deps, actor: Actor, telling: Telling) -> list[partial[LogoutOutcome]]:
    return [partial(_attempt, deps, actor, telling.sender, notice) for notice in telling.notices]


def _attempt(deps: Deps, actor: Actor, sender: str, notice: LogoutNotice) -> LogoutOutcome:
    if not notice.client.backchannel_logout_uri and not notice.attempts:
        return LogoutOutcome.NOT_TOLD
    outcome = _post(deps, notice)
    _settle(deps, actor, sender, notice, outcome)
    return outcome


def _post(deps: Deps, notice: LogoutNotice) -> LogoutOutcome:
    """200 or 204 confirms, 400 rejects (section 2.8); a portal may answer anything else."""
    address = notice.client.backchannel_logout_uri
    if not address:
        return LogoutOutcome.NOT_TOLD
    token = _logout_token(deps, notice)
    if token is None:
        return LogoutOutcome.UNREACHABLE  # its keys may be there at the next attempt
    answer = deps.outbound.post_form(address, {"logout_token": token})
    if not isinstance(answer, OutboundAnswer):
        return LogoutOutcome.UNREACHABLE
    if answer.status == 400:
        return LogoutOutcome.REJECTED
    return LogoutOutcome.CONFIRMED if answer.status in (200, 204) else LogoutOutcome.REFUSED


def _logout_token(deps: Deps, notice: LogoutNotice) -> str | None:
    """Signed, and encrypted, as the client's ID tokens are (Back-Channel Logout section 2.4); None: it has no key."""
    client = notice.client
    claims = logout_token_claims(notice, issuer=deps.issuer, jti=deps.random.token(16), now=deps.clock.now())
    signed = deps.signer.sign(claims, alg=client.id_token_signed_response_alg, typ=LOGOUT_TOKEN_TYPE)
    alg, enc = client.id_token_encrypted_response_alg, client.id_token_encrypted_response_enc
    if alg is None:
        return signed
    return encrypted(deps, client, signed, alg, enc, {**NESTED, "iss": deps.issuer})


def _settle(deps: Deps, actor: Actor, sender: str, notice: LogoutNotice, outcome: LogoutOutcome) -> None:
    now, attempts = deps.clock.now(), notice.attempts + 1
    confirmed = outcome is LogoutOutcome.CONFIRMED
    step = after_attempt(outcome, attempts, now)
    told: dict[str, object] = {"outcome": outcome, "attempts": attempts, "delivered_at": now if confirmed else None}
    event = AuditEvent.LOGOUT_DELIVERED if confirmed else AuditEvent.LOGOUT_NOT_DELIVERED
    record = AuditRecord(event, client_id=notice.client_id, facts={"outcome": outcome, "attempt": attempts})
    with deps.transaction() as connection:
        values = {**told, "status": step.status, "next_at": step.next_at}
        if settle_delivery(connection, notice.id, sender, values):
            write_audit(connection, deps, actor, record)
