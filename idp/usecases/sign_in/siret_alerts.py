"""The alert for a SIRET at which many names are tried: it delays nobody, it tells who can look."""

from __future__ import annotations

from idp.domain.people.siret import Siret, display_siret
from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.instants import DAY, Instant, after
from idp.domain.platform.limits import LONGEST_DELAY
from idp.domain.platform.messages import Message
from idp.domain.sign_in.throttling import ALERT_TRIES
from idp.store.sign_in.throttle_traces import find_administrators, find_sirets_under_attack, was_alerted
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit
from idp.usecases.platform.notifications import notify

ONE_ALERT_EVERY = DAY


def raise_siret_alerts(deps: Deps, actor: Actor) -> int:
    """Raise the alert of every SIRET that has passed the threshold, at most once a day each; how many. Done every
    minute, from the audit trail."""
    now = deps.clock.now()
    with deps.read() as connection:
        found = find_sirets_under_attack(connection, after(now, -LONGEST_DELAY), ALERT_TRIES)
    return sum(_raise(deps, actor, Siret(siret), tries, now) for siret, tries in found)


def _raise(deps: Deps, actor: Actor, siret: Siret, tries: int, now: Instant) -> bool:
    with deps.transaction() as connection:
        if was_alerted(connection, siret, after(now, -ONE_ALERT_EVERY)):
            return False
        facts: dict[str, str | int] = {"siret": siret, "siret_tries": tries}
        write_audit(connection, deps, actor, AuditRecord(AuditEvent.SIRET_ALERT_RAISED, facts=facts))
        for administrator in find_administrators(connection, siret):
            notify(
                connection, deps, Message.SIRET_ALERT,
                recipient=administrator.email, locale=administrator.locale, theme="default",
                facts={**administrator.names, "siret": display_siret(siret)},
            )  # fmt: skip
    return True
