"""Every module of tests/conformance/modules.txt is a test under its own name, in the file of its plan."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

CONFORMANCE = Path(__file__).resolve().parents[1] / "conformance"


def modules_by_file() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    file = ""
    for line in (CONFORMANCE / "modules.txt").read_text().splitlines():
        if line.startswith("["):
            file = line[1:].partition("]")[0]
        elif line and not line.startswith("#"):
            found.setdefault(file, []).append(line)
    return found


def function_of(module: str) -> str:
    return "test_" + module.replace("-", "_").lower()


@pytest.mark.parametrize("file", modules_by_file())
def test_every_module_of_the_plan_is_mirrored(file: str) -> None:
    tree = ast.parse((CONFORMANCE / file).read_text())
    there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert [module for module in modules_by_file()[file] if function_of(module) not in there] == []
