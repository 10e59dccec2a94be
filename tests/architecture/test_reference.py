"""The reference pages say what the program says."""

from __future__ import annotations

import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / ".ci" / "reference.py"


def test_no_generated_page_is_stale() -> None:
    """Run `.ci/reference.py` and commit what it writes."""
    spec = importlib.util.spec_from_file_location("reference", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert [] == module.stale()
