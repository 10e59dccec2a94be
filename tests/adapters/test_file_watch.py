"""Files are looked at cheaply, and believed by their content only."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event

from idp.adapters.file_watch import FileWatch
from idp.adapters.ticker import Ticker


def test_a_file_is_new_once(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("1")
    watch = FileWatch(lambda: [file])
    assert [True, False] == [watch.changed(), watch.changed()]


def test_a_touched_file_with_the_same_content_has_not_changed(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("1")
    watch = FileWatch(lambda: [file])
    watch.changed()
    os.utime(file, (1, 1))
    assert not watch.changed()


def test_another_file_put_in_its_place_with_the_same_time_and_size_is_seen(tmp_path: Path) -> None:
    file, other = tmp_path / "a", tmp_path / "b"
    for path, text in ((file, "1"), (other, "2")):
        path.write_text(text)
        os.utime(path, (1, 1))
    watch = FileWatch(lambda: [file])
    watch.changed()
    other.replace(file)
    assert watch.changed()


def test_a_file_that_goes_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("1")
    watch = FileWatch(lambda: [file])
    watch.changed()
    file.unlink()
    assert watch.changed()


def test_a_pipe_among_them_holds_nobody_up(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("1")
    os.mkfifo(tmp_path / "pipe")
    watch = FileWatch(lambda: [tmp_path / "pipe", file])
    assert [True, False] == [watch.changed(), watch.changed()]


def test_a_file_touched_less_than_a_second_ago_waits(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("1")
    now = [0.0]
    watch = FileWatch(lambda: [file], lambda: now[0])
    watch.changed()
    file.write_text("2")
    now[0] = file.stat().st_mtime + 0.9
    assert not watch.changed()
    now[0] += 0.2
    assert watch.changed()


def test_a_ticker_repeats_until_it_is_stopped() -> None:
    thrice = Event()
    count = iter(range(1, 1000))
    ticker = Ticker("test", 0.001, lambda: thrice.set() if next(count) == 3 else None)
    ticker.start()
    assert thrice.wait(10)
    ticker.stop()
