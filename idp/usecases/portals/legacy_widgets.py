"""A password typed in a partner's old widget: a token for its page, told once to its back end. No session, no cookie.

The partner's page has seen the password, so all that it proves is `eidas0`, whoever the person is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.digests import token_hash
from idp.domain.platform.instants import after, to_seconds
from idp.domain.platform.metrics import Metric
from idp.domain.portals.claims import claims_of
from idp.domain.portals.clients import Client
from idp.domain.portals.legacy_widgets import MARK, TOKEN_TYPE
from idp.domain.portals.subjects import client_subject
from idp.domain.sign_in.assurance import PASSWORD_AMR, Acr
from idp.domain.sign_in.password_triplet import Busy, Delayed, NotSignedIn, Refused, SiretClosed, TripletAttempt
from idp.store.database import Connected
from idp.store.people.accounts import hold_if_valid_from
from idp.store.portals.legacy_tokens import (
    LegacyTokenRow,
    find_known_token,
    insert_legacy_token,
    redeem_legacy_token,
)
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit
from idp.usecases.sign_in.accepted_tries import Accepted, Opened
from idp.usecases.sign_in.password_triplet import try_triplet

CHANNEL = "legacy_widget"


@dataclass(frozen=True, slots=True)
class LegacyToken:
    """The right password: what its page is posted."""

    value: str = field(repr=False)


OUTCOMES: dict[type[object], str] = {
    LegacyToken: "accepted",
    Refused: "refused",
    Delayed: "delayed",
    Busy: "busy",
    SiretClosed: "siret_closed",
}


def client_answered_at(deps: Deps, url_ok: str, url_ko: str) -> Client | None:
    """The one client that registered both addresses for its old widget, switched off or not."""
    for client in deps.registry().clients.values():
        if client.legacy_widget is not None and client.legacy_widget.answers_at(url_ok, url_ko):
            return client
    return None


def try_legacy_widget(deps: Deps, actor: Actor, attempt: TripletAttempt) -> LegacyToken | NotSignedIn:
    """Try these four once, like any other sign-in; the right password gives a token."""
    outcome = try_triplet(deps, actor, attempt, _give_token)
    count_legacy_widget(deps, attempt.client_id, OUTCOMES[type(outcome)])
    return outcome


def count_legacy_widget(deps: Deps, client_id: str, outcome: str) -> None:
    """Count one more form of this client's old widget."""
    deps.metrics.count(Metric.LEGACY_WIDGETS, client_id=client_id, outcome=outcome)


def _give_token(connection: Connected, deps: Deps, actor: Actor, accepted: Accepted) -> Opened[LegacyToken]:
    token, account, now = MARK + deps.random.token(), accepted.account, deps.clock.now()
    row = {
        "token_hash": token_hash(token),
        "client_id": accepted.attempt.client_id,
        "account_id": account.id,
        "account_valid_from": account.valid_from,
        "issued_at": now,
        "expires_at": after(now, deps.lifetimes.legacy_token),
    }
    insert_legacy_token(connection, row)
    record = AuditRecord(AuditEvent.LEGACY_TOKEN_ISSUED, account.subject, accepted.attempt.client_id)
    write_audit(connection, deps, actor, record)
    return Opened(LegacyToken(token), {"channel": CHANNEL})


def redeem(connection: Connected, deps: Deps, actor: Actor, client: Client, text: str) -> LegacyTokenRow | None:
    """Spend the token, for its own client and once; None: it says nothing to this one."""
    if client.legacy_widget is None or not client.legacy_widget.enabled:
        return None
    now = deps.clock.now()
    until = after(now, deps.lifetimes.legacy_token_memory)
    row = redeem_legacy_token(connection, token_hash(text), client.client_id, now, until)
    if row is None:
        _trace_refusal(connection, deps, actor, client, text)
        return None
    if not hold_if_valid_from(connection, row.account_id, row.account_valid_from):
        return None
    write_audit(connection, deps, actor, AuditRecord(AuditEvent.LEGACY_TOKEN_REDEEMED, row.subject, client.client_id))
    return row


def described(deps: Deps, client: Client, row: LegacyTokenRow) -> dict[str, Any]:
    """What a spent token says (RFC 7662 section 2.2), and what an ID token would say of the sign-in."""
    told: dict[str, Any] = {
        "active": True,
        "token_type": TOKEN_TYPE,
        "iss": deps.issuer,
        "sub": client_subject(client, row.subject, deps.pairwise_salt()),
        "client_id": client.client_id,
        "iat": to_seconds(row.issued_at),
        "exp": to_seconds(after(row.issued_at, deps.lifetimes.legacy_token)),
        "acr": Acr.EIDAS0.value,
        "amr": list(PASSWORD_AMR),
    }
    return {**told, "siret": row.siret} if "siret" in claims_of(client.scopes) else told


def _trace_refusal(connection: Connected, deps: Deps, actor: Actor, client: Client, text: str) -> None:
    """A token that was used already, or is another's, is noted; one that nobody remembers is nothing."""
    known = find_known_token(connection, token_hash(text))
    if known is None or (known.client_id == client.client_id and known.redeemed_at is None):
        return
    why = "replayed" if known.client_id == client.client_id else "foreign"
    record = AuditRecord(AuditEvent.LEGACY_TOKEN_REFUSED, known.subject, client.client_id, {"why": why})
    write_audit(connection, deps, actor, record)
