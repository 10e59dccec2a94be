"""What a worker has loaded is asked to be kept in large pages."""

from __future__ import annotations

from pathlib import Path

from idp.adapters.large_pages import LARGE, MAPS, large_ranges, use_large_pages

SAMPLE = """\
55d0c0000000-55d0c1400000 rw-p 00000000 00:00 0                          [heap]
7f0000100000-7f0000500000 rw-p 00000000 00:00 0
7f0000600000-7f0000700000 rw-p 00000000 00:00 0
7f0001000000-7f0002000000 r-xp 00000000 fe:01 1234                       /usr/lib/libpython3.11.so.1.0
7f0003000000-7f0004000000 rw-p 00000000 fe:01 1234                       /tmp/metrics.db
7f0005000000-7f0006000000 rw-s 00000000 00:00 0
7ffd00000000-7ffd01000000 rw-p 00000000 00:00 0                          [stack]
"""


def test_only_whole_large_pages_of_the_process_alone_are_asked_for() -> None:
    """Never a file's, a shared one's or the stack."""
    assert list(large_ranges(SAMPLE)) == [(0x55D0C0000000, 10 * LARGE), (0x7F0000200000, LARGE)]


def test_this_process_has_some_and_keeps_its_memory() -> None:
    kept = [bytes([number % 251]) * 4096 for number in range(4096)]
    assert list(large_ranges(MAPS.read_text()))
    use_large_pages()
    assert all(page == bytes([number % 251]) * 4096 for number, page in enumerate(kept))


def test_a_system_without_such_a_file_is_left_alone(tmp_path: Path) -> None:
    use_large_pages(tmp_path / "maps")
