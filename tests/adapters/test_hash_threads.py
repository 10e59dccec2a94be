"""Hashing never takes more of a machine than its slots, and a dead process keeps none."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from idp.adapters.hash_threads import NICENESS, HasherUnavailable, HashThreads, slots_of_this_machine

ROOT = Path(__file__).resolve().parents[2]

HOLD_FOR_EVER = """
import pathlib, sys, threading
from idp.adapters.hash_threads import HashThreads
def hold():
    print("held", flush=True)
    threading.Event().wait()
HashThreads(pathlib.Path(sys.argv[1]), 1).run(hold)
"""

HASH_AFTER_A_FORK = """
import fcntl, os, pathlib, sys
from idp.adapters.hash_threads import HashThreads
folder = pathlib.Path(sys.argv[1])
threads = HashThreads(folder, 1)
threads.run(lambda: None)
if os.fork() == 0:
    print(threads.run(lambda: "hashed in the child", 20)[0], flush=True)
    os._exit(0)
os.wait()
print(threads.run(lambda: "hashed in the parent", 20)[0])
"""

END_WHILE_HASHING = """
import pathlib, select, sys, threading
from idp.adapters.hash_threads import HashThreads
from idp.adapters.password_hashes import Bcrypt
threads = HashThreads(pathlib.Path(sys.argv[1]), 1)
def hash_for_ever():
    while True:
        threads.run(lambda: Bcrypt().make(b"", 6))
for _ in range(3):
    threading.Thread(target=hash_for_ever, daemon=True).start()
class EndsSlowly:
    def __del__(self, wait=select.select):
        wait([], [], [], 0.3)
sys.modules["kept to the end"] = EndsSlowly()
select.select([], [], [], 0.2)  # main gives way: the hash thread is under Rust when main ends
"""

HASH_AND_TELL = """
import pathlib, sys, time
from concurrent.futures import ThreadPoolExecutor
from idp.adapters.hash_threads import HashThreads
from idp.adapters.password_hashes import Bcrypt
threads = HashThreads(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
def work():
    began = time.monotonic_ns()
    Bcrypt().make(b"", 6)
    return began, time.monotonic_ns()
threads.run(work)
print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(12) as pool:
    for began, ended in pool.map(lambda _: threads.run(work)[0], range(12)):
        print(began, ended)
"""


def python(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def is_free(slot: Path) -> bool:
    with slot.open("r+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_a_process_killed_while_it_hashes_gives_its_slot_back(tmp_path: Path) -> None:
    with python(HOLD_FOR_EVER, str(tmp_path)) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert not is_free(tmp_path / "hash-slot-0.lock")
        threads = HashThreads(tmp_path, 1)
        with pytest.raises(HasherUnavailable):
            threads.run(lambda: "done", 0.05)
        holder.kill()
    assert threads.run(lambda: "done", 10)[0] == "done"


@pytest.mark.parametrize("slots", [1, 2])
def test_processes_together_never_hash_more_at_once_than_there_are_slots(tmp_path: Path, slots: int) -> None:
    workers = [python(HASH_AND_TELL, str(tmp_path), str(slots)) for _ in range(3)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    with ThreadPoolExecutor(3) as pool:
        outputs = list(pool.map(lambda worker: worker.communicate("go\n")[0], workers))
    spans = [tuple(map(int, line.split())) for output in outputs for line in output.splitlines()]
    assert len(spans) == 36
    assert most_at_once(spans) <= slots


def most_at_once(spans: list[tuple[int, ...]]) -> int:
    changes = sorted([(began, 1) for began, _ in spans] + [(ended, -1) for _, ended in spans])
    running = highest = 0
    for _, change in changes:
        running += change
        highest = max(highest, running)
    return highest


def test_hashing_runs_in_a_thread_of_its_own_with_low_priority(tmp_path: Path) -> None:
    def look() -> tuple[int, int]:
        return threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    (thread, priority), _ = HashThreads(tmp_path, 1).run(look)
    assert thread != threading.get_native_id()
    assert priority == max(NICENESS, before)
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before


def test_a_slot_is_free_again_when_nothing_is_hashed(tmp_path: Path) -> None:
    threads = HashThreads(tmp_path, 1)
    threads.run(lambda: None)
    threads.run(lambda: None)
    with (tmp_path / "hash-slot-0.lock").open("r+") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)


def test_an_error_reaches_the_caller_and_the_thread_lives_on(tmp_path: Path) -> None:
    threads = HashThreads(tmp_path, 1)
    with pytest.raises(ZeroDivisionError):
        threads.run(lambda: 1 // 0)
    assert threads.run(lambda: "alive")[0] == "alive"


def test_a_folder_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HasherUnavailable):
        HashThreads(tmp_path / "file", 1).run(lambda: None)


def test_one_core_is_left_to_answer_with() -> None:
    assert slots_of_this_machine() == max(1, len(os.sched_getaffinity(0)) - 1)


def test_a_fork_hashes_in_threads_of_its_own(tmp_path: Path) -> None:
    said, _ = python(HASH_AFTER_A_FORK, str(tmp_path)).communicate()
    assert said == "hashed in the child\nhashed in the parent\n"


def test_a_process_that_ends_while_it_hashes_ends_well(tmp_path: Path) -> None:
    """bcrypt is Rust, and an interpreter that ends under it aborts ("exception not rethrown") with a core dump."""
    process = python(END_WHILE_HASHING, str(tmp_path))
    process.communicate()
    assert process.returncode == 0


def test_threads_start_at_the_first_task(tmp_path: Path) -> None:
    before = threading.active_count()
    HashThreads(tmp_path, 2)
    assert threading.active_count() == before
