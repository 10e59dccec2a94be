"""The closed list of work that waits for a runner."""

from __future__ import annotations

from enum import StrEnum


class JobKind(StrEnum):
    """One name per kind of job; `idp/jobs/handlers.py` maps each to a use case."""

    ROTATE_KEYS = "keys.rotate"
    CUT_OFF_ACCOUNT = "account.cut_off"
    """`valid_from` of the account `subject` has moved: end its sessions and tell the portals."""


class Schedule(StrEnum):
    """One name per repeated task; `idp/jobs/schedules.py` says how often and which use case."""

    ROTATE_KEYS = "keys.rotate"
    HOUSEKEEPING = "housekeeping"
