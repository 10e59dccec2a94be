"""The owner's way past the throttles: a link mailed by a job, good once, that makes one browser a known one.

Whether a mail leaves is decided here, from the audit trail, minutes after the tries: a request that wrote it would be
slower for an account that exists than for one that does not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.digests import token_hash
from idp.domain.platform.instants import DAY, Instant, after
from idp.domain.platform.limits import LONGEST_DELAY
from idp.domain.platform.messages import Message
from idp.store.database import Connected
from idp.store.sign_in.devices import insert_sign_in_link, spend_sign_in_link
from idp.store.sign_in.throttle_traces import Owner, find_delayed_owners, hold_unless_mailed
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit
from idp.usecases.platform.notifications import notify
from idp.usecases.sign_in.begin_session import look_at_browser, remember_browser

LINK_PATH = "/sign-in/link"
ONE_MAIL_EVERY = DAY


@dataclass(frozen=True, slots=True)
class LinkOpened:
    """The link was good: set the device cookie, and this browser passes at the owner's door."""

    device_token: str = field(repr=False)
    client_id: str
    """The portal whose page the owner was at."""


@dataclass(frozen=True, slots=True)
class LinkRefused:
    """Unknown, used, too old, or from before the password changed; it is not said which."""


def open_sign_in_link(deps: Deps, actor: Actor, link_token: str, device_token: str) -> LinkOpened | LinkRefused:
    """Spend the link for this browser. For a POST only: mailboxes fetch every address they find in a mail."""
    now = deps.clock.now()
    with deps.transaction() as connection:
        spent = spend_sign_in_link(connection, token_hash(link_token), now)
        if spent is None:
            return LinkRefused()
        browser = look_at_browser(connection, device_token, now)
        token = remember_browser(connection, deps, spent.account_id, browser, now)
        write_audit(connection, deps, actor, AuditRecord(AuditEvent.SIGN_IN_LINK_USED, spent.subject, spent.client_id))
    return LinkOpened(token, spent.client_id)


def mail_delayed_owners(deps: Deps, actor: Actor) -> int:
    """Mail a link to every owner whose sign-in was delayed and who had none today; how many. Done every minute.

    An older delay than the longest one delays nobody any more, so nothing needs to be remembered between two runs.
    """
    now = deps.clock.now()
    since, mailed_since = after(now, -LONGEST_DELAY), after(now, -ONE_MAIL_EVERY)
    with deps.read() as connection:
        owners = find_delayed_owners(connection, since, mailed_since)
    return sum(_mail(deps, actor, owner, now, mailed_since) for owner in owners)


def _mail(deps: Deps, actor: Actor, owner: Owner, now: Instant, mailed_since: Instant) -> bool:
    with deps.transaction() as connection:
        if not hold_unless_mailed(connection, owner.account_id, mailed_since):
            return False
        facts = {"link": _new_link(connection, deps, owner, now), **owner.names}
        notify(
            connection, deps, Message.SIGN_IN_DELAYED,
            recipient=owner.email, locale=owner.locale, theme=owner.theme, facts=facts,
        )  # fmt: skip
        sent = AuditRecord(AuditEvent.SIGN_IN_LINK_SENT, owner.subject, owner.client_id)
        write_audit(connection, deps, actor, sent)
    return True


def _new_link(connection: Connected, deps: Deps, owner: Owner, now: Instant) -> str:
    token = deps.random.token()
    expires_at = after(now, deps.lifetimes.sign_in_link)
    insert_sign_in_link(connection, token_hash(token), owner.account_id, owner.client_id, now, expires_at)
    return f"{deps.issuer}{LINK_PATH}?{urlencode({'k': token})}"
