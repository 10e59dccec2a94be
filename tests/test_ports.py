"""Ports of tests: in a row, below the kernel's, and not given twice."""

from __future__ import annotations

import socket

from tests.ports import END, FIRST, free_port, free_ports, is_free


def test_ports_come_in_a_row_below_the_kernels_and_once() -> None:
    row = free_ports(4)
    assert [row[0] + step for step in range(4)] == row
    assert FIRST <= row[0] < END
    assert free_port() not in row


def test_a_port_that_somebody_listens_on_is_not_free() -> None:
    with socket.socket() as other:
        port = free_port()
        assert is_free(port)
        other.bind(("127.0.0.1", port))
        other.listen()
        assert not is_free(port)
