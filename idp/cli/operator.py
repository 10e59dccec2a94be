"""What every administrative command starts with: the doers, and who types."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from idp.adapters.logs import silence_authlib
from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.platform.instants import Instant
from idp.settings import Settings
from idp.usecases.deps import Deps
from idp.wiring import build_deps

TAKES_IDENTIFIER = {"ignore_unknown_options": True}
"""For commands that take a subject or a key id: one in sixty-four of them begins with a dash, and is no option."""


@contextmanager
def operating() -> Iterator[tuple[Deps, Actor]]:
    """The production doers for one command, and the operator for the audit trail."""
    silence_authlib()
    deps = build_deps(Settings.from_environment())
    try:
        yield deps, operator()
    finally:
        deps.database.close()


def operator() -> Actor:
    """Who types, for the audit trail."""
    try:
        login = getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        login = "unknown"
    return Actor(ActorRole.OPERATOR, login)


def written(instant: Instant | None) -> str:
    """An instant as operators read it, in UTC, or a dash."""
    if instant is None:
        return "-"
    return datetime.fromtimestamp(instant / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
