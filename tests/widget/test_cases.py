"""Every case of the widget's test list is somebody's: the forty journeys and attacks that it was designed against."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

NUMBERS = set(range(1, 41))
NAMED = re.compile(r"Widget cases? ([0-9]+(?:(?:, | and )[0-9]+)*)")


def named_cases() -> Iterator[int]:
    """The numbers that docstrings of tests name."""
    for path in Path("tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for found in NAMED.findall(ast.get_docstring(node) or ""):
                    yield from map(int, re.findall("[0-9]+", found))


def test_every_case_has_a_test() -> None:
    assert set(named_cases()) == NUMBERS
