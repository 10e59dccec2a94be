"""What cannot be kept is refused where it is read, and mended where it is only traced."""

from __future__ import annotations

import pytest

from idp.domain.platform.storable import is_storable, storable


@pytest.mark.parametrize("value", ["\ud800", {"a": ["\udfff"]}, {"\0": 1}, {"a": {"b": "x\0"}}])
def test_a_lone_surrogate_or_a_nul_anywhere_cannot_be_kept(value: object) -> None:
    assert not is_storable(value)


@pytest.mark.parametrize("value", ["Œuvrard 🎓", {"a": [1, None, True]}, "\n", {}])
def test_everything_else_can(value: object) -> None:
    assert is_storable(value)


def test_a_trace_keeps_what_can_be_read() -> None:
    assert "a?b\ufffdé" == storable("a\ud800b\0é")
