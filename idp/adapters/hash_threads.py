"""The threads that hash: low priority, and no more of them at work on a machine than it has slots.

A slot is a file lock, so the count holds over all worker processes and the kernel gives a slot back when its
holder dies. Thread number n of each process waits for slot n only; of the threads that get a slot, the first
takes the next task, so a free slot is never idle while any process has work. Before the slot comes its turnstile: who
has just given a slot back stands behind who already waits, else one busy process could keep it for ever.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from idp.adapters.hash_pace import Spent

LONGEST_TASK_SECONDS = 10.0
"""How long an ending process waits for a hash that is being made."""

NICENESS = 10
"""Requests go first: a flood of sign-ins must not slow the token endpoint."""

Result = TypeVar("Result")
Task = Callable[[float], None]
"""Does its work, told when its thread began to wait for the slot."""


def slots_of_this_machine() -> int:
    """Cores less one, at least one: hashing always leaves a core to answer with, when there are two."""
    return max(1, len(os.sched_getaffinity(0)) - 1)


class HasherUnavailable(Exception):
    """Nothing was hashed: no thread got to it in reasonable time, or the folder of locks cannot be written."""


class HashThreads:
    """The hash threads of one process. They start at the first task; a fork has none and starts its own."""

    def __init__(self, folder: Path, slots: int) -> None:
        self._folder = folder
        self.slots = slots
        self._begin_anew()
        atexit.register(self._finish)
        os.register_at_fork(after_in_child=self._begin_anew_in_child)

    def _begin_anew(self) -> None:
        self._tasks: deque[Task] = deque()
        self._changed = threading.Condition()
        self._files: list[int] = []
        self._began: dict[int, float] = {}
        self._working = [threading.Lock() for _ in range(self.slots)]

    def _finish(self) -> None:
        """Let what is being hashed end, and nothing more begin: an interpreter that ends under bcrypt's Rust aborts."""
        for working in self._working:
            working.acquire(timeout=LONGEST_TASK_SECONDS)

    def _begin_anew_in_child(self) -> None:
        # A copied descriptor is the same lock: it would outlive the parent that hashes under it.
        for descriptor in self._files:
            os.close(descriptor)
        self._begin_anew()

    def run(self, work: Callable[[], Result], patience: float | None = None) -> tuple[Result, Spent]:
        """Do `work` in a hash thread when its turn comes; its result, and what it took.

        Raises:
            HasherUnavailable: it was not begun within `patience` seconds, or the folder of locks cannot be written.
        """
        future: Future[tuple[Result, Spent]] = Future()
        with self._changed:
            self._start()
            self._tasks.append(lambda started: _settle(future, work, started))
            self._changed.notify()
        try:
            return future.result(patience)
        except TimeoutError:
            if future.cancel():
                raise HasherUnavailable from None
            return future.result()

    def under_way(self) -> float:
        """Seconds since the oldest of the threads that are busy now set out to do its task; 0 when all rest."""
        began = min(self._began.values(), default=None)
        return 0.0 if began is None else time.perf_counter() - began

    def _start(self) -> None:
        if self._files:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            slots = [(self._open(f"hash-slot-{n}.turn"), self._open(f"hash-slot-{n}.lock")) for n in range(self.slots)]
        except OSError as error:
            raise HasherUnavailable from error
        self._files = [descriptor for slot in slots for descriptor in slot]
        for number, slot in enumerate(slots):
            # Daemons: a process that stops does not wait for guesses to be hashed.
            threading.Thread(
                target=self._work, args=(*slot, self._working[number]), name=f"hash-{number}", daemon=True
            ).start()

    def _work(self, turnstile: int, slot: int, working: threading.Lock) -> None:
        _lower_priority()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._tasks)
            started = self._began[slot] = time.perf_counter()
            with self._held(turnstile, slot):
                with working:
                    task = self._next_task()
                    if task:
                        task(started)
            del self._began[slot]

    def _open(self, name: str) -> int:
        return os.open(self._folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @contextmanager
    def _held(self, turnstile: int, slot: int) -> Iterator[None]:
        self._lock(turnstile)
        try:
            self._lock(slot)
        finally:
            fcntl.flock(turnstile, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(slot, fcntl.LOCK_UN)

    def _lock(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # Another process has this slot: before waiting for it, let a thread of another slot try.
            with self._changed:
                self._changed.notify()
            fcntl.flock(descriptor, fcntl.LOCK_EX)

    def _next_task(self) -> Task | None:
        with self._changed:
            return self._tasks.popleft() if self._tasks else None


def _lower_priority() -> None:
    """Only in a dedicated thread: without privilege it could never raise its priority again."""
    thread = threading.get_native_id()
    os.setpriority(os.PRIO_PROCESS, thread, max(NICENESS, os.getpriority(os.PRIO_PROCESS, thread)))


def _settle(future: Future[tuple[Result, Spent]], work: Callable[[], Result], started: float) -> None:
    if not future.set_running_or_notify_cancel():
        return
    began = time.perf_counter()
    try:
        result = work()
    except BaseException as error:  # the waiting request must hear of it, and the thread must live on
        future.set_exception(error)
    else:
        future.set_result((result, Spent(began - started, time.perf_counter() - began)))


class QuietThreads(HashThreads):
    """Does the work at once, in the calling thread."""

    def __init__(self) -> None:
        self.slots = 1

    def run(self, work: Callable[[], Result], patience: float | None = None) -> tuple[Result, Spent]:
        return work(), Spent(0.0, 0.0)

    def under_way(self) -> float:
        return 0.0
