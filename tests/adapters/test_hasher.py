"""The queue admits what it can serve in three seconds, half of it for browsers that are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from idp.adapters.hash_pace import Pace, Spent
from idp.adapters.hash_threads import QuietThreads
from idp.adapters.hasher import Full, Hasher, Place, QuietHasher, build_hasher
from idp.adapters.password_hashes import PasswordHashes, Pepper, QuietBcrypt

PEPPERS = [Pepper("p1", b"1" * 32)]


class Paced(QuietThreads):
    """Each task is said to have kept its thread for so long."""

    def __init__(self, seconds: float, slots: int = 1) -> None:
        super().__init__()
        self.seconds = seconds
        self.slots = slots

    def run(self, work, patience=None):  # type: ignore[no-untyped-def]
        return work(), Spent(0.0, self.seconds)


def paced(seconds: float, slots: int = 1) -> Hasher:
    hasher = Hasher(PasswordHashes(PEPPERS, 12, QuietBcrypt()), Paced(seconds, slots))
    for _ in range(60):
        hasher.hash("warm")
    return hasher


def fill(hasher: Hasher, favoured: bool) -> list[Place]:
    places = []
    while isinstance(place := hasher.enter(favoured), Place):
        places.append(place)
    assert place == Full(retry_after_seconds=3)
    return places


@pytest.mark.parametrize(("seconds", "slots", "places"), [(0.25, 1, 12), (0.25, 3, 36), (0.5, 1, 6), (10.0, 1, 2)])
def test_it_admits_what_it_can_serve_in_three_seconds(seconds: float, slots: int, places: int) -> None:
    assert len(fill(paced(seconds, slots), favoured=True)) == places


def test_it_leaves_request_threads_to_those_who_hash_nothing() -> None:
    """A cheap hash is served often, so many may wait; each keeps a request thread, and /token needs one too."""
    hasher = Hasher(PasswordHashes(PEPPERS, 12, QuietBcrypt()), Paced(0.01), most_places=4)
    hasher.hash("warm")
    assert len(fill(hasher, favoured=True)) == 4


def test_half_is_kept_for_known_browsers() -> None:
    hasher = paced(0.25)
    assert len(fill(hasher, favoured=False)) == 6
    assert len(fill(hasher, favoured=True)) == 6


def test_known_browsers_leave_strangers_out_when_all_is_taken() -> None:
    hasher = paced(0.25)
    fill(hasher, favoured=True)
    assert isinstance(hasher.enter(False), Full)


def test_a_place_that_is_left_is_free_again_and_leaving_twice_frees_one() -> None:
    hasher = QuietHasher(places=4)
    first, _second = fill(hasher, favoured=False)
    first.leave()
    first.leave()
    with fill(hasher, favoured=False)[0]:
        assert isinstance(hasher.enter(False), Full)
    assert len(fill(hasher, favoured=False)) == 1


def test_a_place_left_without_a_hash_hashes_nothing() -> None:
    hasher = QuietHasher()
    place = hasher.enter(False)
    assert isinstance(place, Place)
    place.leave()
    assert hasher.costs == []


def test_workers_together_admit_what_the_machine_serves() -> None:
    hashes = PasswordHashes(PEPPERS, 12, QuietBcrypt())
    workers = [Hasher(hashes, Paced(0.25), sharers=3) for _ in range(3)]
    for worker in workers:
        worker.hash("warm")
    assert sum(len(fill(worker, favoured=True)) for worker in workers) == 12


def test_what_is_measured_only_slows_the_pace() -> None:
    pace = Pace(slots=1, sharers=2, first_guess=lambda: 0.25)
    assert pace.seconds_per_task(0.0) == 0.5
    pace.note(Spent(waiting=0.75, working=0.25))
    assert pace.seconds_per_task(0.0) == 1.0
    for _ in range(60):
        pace.note(Spent(waiting=0.0, working=0.25))
    assert round(pace.seconds_per_task(0.0), 3) == 0.5


def test_a_task_that_takes_long_counts_before_it_is_done() -> None:
    pace = Pace(slots=2, sharers=1, first_guess=lambda: 0.25)
    assert (pace.seconds_per_task(0.1), pace.seconds_per_task(2.0)) == (0.125, 1.0)


def test_a_slower_machine_has_fewer_places() -> None:
    hasher = paced(0.25)
    threads = hasher._threads
    assert isinstance(threads, Paced)
    threads.seconds = 1.0
    for _ in range(60):
        hasher.hash("slow")
    assert len(fill(hasher, favoured=True)) == 3


def test_the_real_hasher_hashes_and_verifies(tmp_path: Path) -> None:
    hasher = build_hasher(PEPPERS, 4, tmp_path)
    stored = hasher.hash("Mire2026demo")
    place = hasher.enter(False)
    assert isinstance(place, Place)
    with place:
        assert place.verify("Mire2026demo", stored).accepted
        assert not place.verify("Mire2026demo", None).accepted
        assert place.verify("Mire2026demo", place.hash("Mire2026demo")).accepted


def test_the_quiet_hasher_counts_the_work() -> None:
    hasher = QuietHasher(cost=12)
    stored = hasher.hash("right")
    hasher.forget()
    place = hasher.enter(True)
    assert isinstance(place, Place)
    place.verify("wrong", stored, highest_cost=13)
    assert (hasher.costs, hasher.rounds) == ([12, 12], 2**13)
