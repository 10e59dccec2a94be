"""The closed list of work that waits for a runner."""

from __future__ import annotations

from enum import StrEnum

from idp.domain.platform.instants import HOUR, MINUTE, Instant, after


class JobKind(StrEnum):
    """One name per kind of job; `idp/jobs/handlers.py` maps each to a use case."""

    ROTATE_KEYS = "keys.rotate"
    CUT_OFF_ACCOUNT = "account.cut_off"
    """`valid_from` of the account `subject` has moved: end its sessions and tell the portals."""
    SESSION_REPLACED = "session.replaced"
    """Someone else signed in in the browser of `subject`'s `session`, which has ended: its portals are owed word."""

    FETCH_LOGO = "client.fetch_logo"
    """A client registered itself with a `logo_uri`: fetch the picture of `client_id`, once."""


class Schedule(StrEnum):
    """One name per repeated task; `idp/jobs/schedules.py` says how often and which use case."""

    ROTATE_KEYS = "keys.rotate"
    HOUSEKEEPING = "housekeeping"
    MAIL_DELAYED_OWNERS = "sign_in.mail_delayed_owners"
    RAISE_SIRET_ALERTS = "throttle.raise_siret_alerts"


JOB_RETRY_AFTER = (MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR)
"""Waits between tries of a job that failed; after the last one it is given up, and the operator told."""


def next_try(attempts: int, now: Instant) -> Instant | None:
    """When to try a job again after this many failures, or None to give it up."""
    return after(now, JOB_RETRY_AFTER[attempts - 1]) if attempts <= len(JOB_RETRY_AFTER) else None
