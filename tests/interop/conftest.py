"""What every test of foreign software has: a person with a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.browser.conftest import chromium as chromium
from tests.interop.firefox import Firefox, Value, firefox
from tests.interop.visitor import Visitor
from tests.widget.conftest import empty_database as empty_database
from tests.widget.conftest import new_place as new_place
from tests.widget.conftest import place as place


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    person = Visitor()
    yield person
    person.close()


NewFirefox = Callable[..., Firefox]


@pytest.fixture
def new_firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewFirefox]:
    """Firefoxes without a past, with the preferences that a test gives."""
    with ExitStack() as stack:

        def make(**preferences: Value) -> Firefox:
            return stack.enter_context(firefox(tmp_path_factory.mktemp("firefox"), **preferences))

        yield make
