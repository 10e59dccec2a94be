"""What every test of foreign software has: a person with a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.conftest import chromium as chromium
from tests.interop.visitor import Visitor


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    person = Visitor()
    yield person
    person.close()
