"""What each process does every five seconds: look at clients.yaml, the themes and the keys, and say that it lives.

Owns the order of these steps and what happens when one fails. Does not own how any of them is done.
Called by the one background thread that wiring.py starts, never by a request.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.portals.clients import ClientRegistry
from idp.domain.portals.themes import ThemeSet
from idp.usecases.deps import Deps, StoreUnavailable
from idp.usecases.platform.keys import load_key_ring, read_key_version
from idp.usecases.portals.registries import WorkerRow, accept_registry, report_worker

EVERY_SECONDS = 5.0
SYSTEM = Actor(ActorRole.SYSTEM, "registry")
LOG = logging.getLogger("mire")


class ReadThemes(Protocol):
    """Themes as they were read."""

    @property
    def themes(self) -> ThemeSet:
        """Those that are right."""

    @property
    def problems(self) -> Sequence[object]:
        """What is wrong with the others."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What is looked at (None: nothing changed since the last look), and where the new values go."""

    look_at_registry: Callable[[], ClientRegistry | Sequence[object] | None]
    look_at_themes: Callable[[], ReadThemes | None]
    swap_registry: Callable[[ClientRegistry], None]
    swap_themes: Callable[[ThemeSet], None]


class Watch:
    """One process's look-out."""

    def __init__(self, deps: Deps, watched: Watched, *, host: str, pid: int) -> None:
        self._deps = deps
        self._watched = watched
        self._worker = WorkerRow(deps.random.token(16), host, pid, "", 0)
        self._registry_problem = ""
        self._theme_problem = ""
        self._waiting: ClientRegistry | None = None

    def tick(self) -> None:
        """Look once. Whatever fails is tried again at the next look: this thread must not die."""
        for step in (self.look_at_registry, self.look_at_themes, self.look_at_keys, self.report):
            try:
                step()
            except StoreUnavailable:
                LOG.warning("The database cannot be reached; looking again in %d s.", EVERY_SECONDS)
            except Exception:
                LOG.exception("%s failed; trying again in %d s.", step.__name__, EVERY_SECONDS)

    def look_at_registry(self) -> None:
        """A good registry is kept as last good, then used; a broken one is refused and named."""
        seen = self._watched.look_at_registry()
        if isinstance(seen, ClientRegistry):
            self._waiting = seen
            self._registry_problem = ""
        elif seen is not None:
            self._waiting = None
            self._registry_problem = summary(seen)
        if self._waiting is not None:
            accept_registry(self._deps, SYSTEM, self._waiting)
            self._watched.swap_registry(self._waiting)
            self._waiting = None

    def look_at_themes(self) -> None:
        """Good themes are used at once; one that is broken stays as it was."""
        seen = self._watched.look_at_themes()
        if seen is not None:
            self._watched.swap_themes(kept_where_broken(self._deps.themes(), seen.themes, whole=not seen.problems))
            self._theme_problem = summary(seen.problems)

    def look_at_keys(self) -> None:
        """A new key version means new keys."""
        if read_key_version(self._deps) != self._deps.signer.ring.version:
            self._deps.signer.swap(load_key_ring(self._deps))

    def report(self) -> None:
        """Say which registry and keys this process uses."""
        problem = " ".join(filter(None, (self._registry_problem, self._theme_problem)))
        digest, version = self._deps.registry().digest, self._deps.signer.ring.version
        self._worker = replace(self._worker, registry_digest=digest, key_version=version, problem=problem)
        report_worker(self._deps, SYSTEM, self._worker)


def summary(problems: Sequence[object]) -> str:
    """The first problem, and how many more there are; "" when there is none."""
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{problems[0]}{more}" if problems else ""


def kept_where_broken(before: ThemeSet, now: ThemeSet, *, whole: bool) -> ThemeSet:
    """What is right now, and, unless everything is, what was right before in place of what is missing."""
    return now if whole else ThemeSet(now.digest, {**before.themes, **now.themes})
