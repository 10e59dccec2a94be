"""Passwords: a place in the queue first, then the hash in a thread of its own.

Owns how many may wait. Does not own the hash (password_hashes.py) nor the threads (hash_threads.py).
A place is taken before the throttles are asked, and left without a hash when they say no.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from idp.adapters.hash_pace import Pace, guess_from
from idp.adapters.hash_threads import HashThreads, QuietThreads, slots_of_this_machine
from idp.adapters.password_hashes import Bcrypt, PasswordHashes, Pepper, QuietBcrypt, Verification

MANY_PLACES = 1000
"""No bound but the pace."""
PATIENCE_SECONDS = 3.0
"""The queue admits what it can serve in this time."""

STALLED_SECONDS = 10 * PATIENCE_SECONDS
"""A request whose task was not begun by then gives up: another process of this machine holds every slot."""

CHEAPEST = 4
"""The lowest cost that bcrypt knows."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Full:
    """No place now."""

    retry_after_seconds: int


class Place:
    """One place in the queue, held from `enter` to `leave` (or as a context manager)."""

    def __init__(self, hasher: Hasher) -> None:
        self._hasher = hasher
        self._left = False

    def verify(
        self, password: str, stored: str | None, *, highest_cost: int = 0, admissible: bool = True
    ) -> Verification:
        """Whether `stored` was made of `password`; see PasswordHashes.verify for what a refusal costs.

        Raises:
            HasherUnavailable: no hash thread got to it.
        """
        hashes = self._hasher.hashes
        return self._hasher.work(
            lambda: hashes.verify(password, stored, highest_cost=highest_cost, admissible=admissible),
            STALLED_SECONDS,
        )

    def hash(self, password: str) -> str:
        """A new hash of `password`.

        Raises:
            HasherUnavailable: no hash thread got to it.
        """
        return self._hasher.work(lambda: self._hasher.hashes.make(password), STALLED_SECONDS)

    def leave(self) -> None:
        """Give the place back; once is enough."""
        if not self._left:
            self._left = True
            self._hasher.leave()

    def __enter__(self) -> Place:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()


class Hasher:
    """Hashes and verifies passwords for one process."""

    def __init__(
        self, hashes: PasswordHashes, threads: HashThreads, sharers: int = 1, most_places: int = MANY_PLACES
    ) -> None:
        """`sharers`: how many processes of this machine serve sign-ins, this one included. `most_places`: how many
        request threads may wait at once; the rest must be left to requests that hash nothing."""
        self.hashes = hashes
        self._most_places = most_places
        self._threads = threads
        guess = guess_from(lambda: Bcrypt().make(b"", CHEAPEST), hashes.cost - CHEAPEST)
        self._pace = Pace(threads.slots, sharers, guess)
        self._lock = threading.Lock()
        self._taken = 0

    def enter(self, favoured: bool) -> Place | Full:
        """A place in the queue. Half of all places is kept for `favoured` browsers (a known device)."""
        with self._lock:
            limit = self.capacity() if favoured else self.capacity() // 2
            if self._taken >= limit:
                return Full(math.ceil(PATIENCE_SECONDS))
            self._taken += 1
        return Place(self)

    def hash(self, password: str) -> str:
        """A new hash, however long the queue is: for commands and jobs, which nobody waits for at a page."""
        return self.work(lambda: self.hashes.make(password))

    def capacity(self) -> int:
        """How many places there are: what is served in three seconds at the present pace, at least two."""
        served = int(PATIENCE_SECONDS / self._pace.seconds_per_task(self._threads.under_way()))
        return max(2, min(served, self._most_places))

    def leave(self) -> None:
        """Called by a place."""
        with self._lock:
            self._taken -= 1

    def work(self, task: Callable[[], Result], patience: float | None = None) -> Result:
        """Run `task` in a hash thread."""
        result, spent = self._threads.run(task, patience)
        with self._lock:
            self._pace.note(spent)
        return result


def build_hasher(
    peppers: Sequence[Pepper], cost: int, folder: Path, sharers: int = 1, most_places: int = MANY_PLACES
) -> Hasher:
    """The production hasher; its slots are the lock files of `folder`."""
    threads = HashThreads(folder, slots_of_this_machine())
    return Hasher(PasswordHashes(peppers, cost, Bcrypt()), threads, sharers, most_places)


class QuietHasher(Hasher):
    """Costs nothing, hashes at once, and remembers the cost of each hash. `places` is its capacity."""

    def __init__(
        self, *, cost: int = 12, peppers: Sequence[Pepper] = (Pepper("p1", b"quiet"),), places: int = 16
    ) -> None:
        self._bcrypt = QuietBcrypt()
        self._places = places
        super().__init__(PasswordHashes(peppers, cost, self._bcrypt), QuietThreads())

    @property
    def costs(self) -> list[int]:
        """The cost of each hash made since the last `forget`, in order."""
        return list(self._bcrypt.costs)

    @property
    def rounds(self) -> int:
        """The work done since the last `forget`: what time would show of it."""
        return sum(2**cost for cost in self._bcrypt.costs)

    def forget(self) -> None:
        """Count from nothing again."""
        self._bcrypt.costs.clear()

    def capacity(self) -> int:
        return self._places
