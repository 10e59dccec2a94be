"""docs/reference/conformance.md: every clause that is called done names a test that is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "conformance.md"
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows() -> list[tuple[str, str]]:
    """Clause and proof of each row, under its standard."""
    found, standard = [], ""
    for line in PAGE.read_text().splitlines():
        if line.startswith("## "):
            standard = line[3:]
        elif line.startswith("| ") and not line.startswith(("| ---", "| clause")):
            clause, _, where = (cell.strip() for cell in line.strip("|").split("|"))
            found.append((f"{standard}, {clause}", where))
    return found


@cache
def defined_in(path: str) -> frozenset[str]:
    file = ROOT / path
    if not file.exists():
        return frozenset()
    tree = ast.parse(file.read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize(("clause", "where"), rows(), ids=lambda text: text[:60])
def test_a_clause_is_proven_or_refused(clause: str, where: str) -> None:
    named = TEST.findall(where)
    assert named or where.startswith("refused: "), f"{clause}: neither a test nor a reason"
    assert [f"{path}::{name}" for path, name in named if name not in defined_in(path)] == [], clause


def test_the_page_names_no_clause_twice() -> None:
    clauses = [clause for clause, _ in rows()]
    assert sorted(clauses) == sorted(set(clauses))
