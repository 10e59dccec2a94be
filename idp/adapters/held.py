"""A value that all threads of a process read and one swaps whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Held(Generic[T]):
    """Holds an immutable value. Reading takes no lock: an attribute is swapped in one step."""

    def __init__(self, value: T | None = None, first: Callable[[], T] | None = None) -> None:
        """`first` makes the value when it is asked for before anyone swapped one in."""
        self._value = value
        self._first = first

    def __call__(self) -> T:
        """The value as it is now."""
        if self._value is None:
            assert self._first is not None
            self._value = self._first()
        return self._value

    def swap(self, value: T) -> None:
        """From now on everyone reads `value`."""
        self._value = value
