"""What every test of foreign software has: a person with a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.browser.conftest import chromium as chromium
from tests.interop.firefox import Firefox, firefox
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


@pytest.fixture(scope="session")
def running_firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """One process for all tests: it takes two seconds to start."""
    with firefox(tmp_path_factory.mktemp("firefox")) as person:
        yield person


@pytest.fixture
def new_firefox(running_firefox: Firefox) -> Iterator[NewFirefox]:
    """A Firefox without a past, with the preferences that a test gives; one in each test."""
    with ExitStack() as stack:
        yield lambda **preferences: stack.enter_context(running_firefox.anew(**preferences))
