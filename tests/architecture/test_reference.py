"""The reference pages say what the program says."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / ".ci" / "reference.py"


def test_no_generated_page_is_stale() -> None:
    """Run `.ci/reference.py` and commit what it writes."""
    spec = importlib.util.spec_from_file_location("reference", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert [] == module.stale()


def test_the_how_to_pins_the_newest_loader() -> None:
    """Run `.ci/publish_loader.py`, which writes version and digest into its script tags."""
    manifest = json.loads((ROOT / "idp/web/loader/published/manifest.json").read_text())
    text = (ROOT / "docs/how-to/embed-the-widget.md").read_text()
    newest = manifest["versions"][manifest["latest"]]["mire-login.js"]["integrity"]
    assert set(re.findall(r"/w/([0-9.]+)/mire-login\.js", text)) == {manifest["latest"]}
    assert set(re.findall(r"sha384-[\w+/=]+", text)) == {newest}
