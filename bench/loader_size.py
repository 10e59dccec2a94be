"""What the login widget's loader weighs: it is counted, not measured.

`python -m bench.loader_size` writes it anew into the page, after `.ci/publish_loader.py`.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.table import PAGE

PUBLISHED = Path(__file__).resolve().parents[1] / "idp" / "web" / "loader" / "published"
MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class LoaderSize:
    """One published script, in bytes."""

    name: str
    raw: int
    gzipped: int


def loader_sizes() -> Sequence[LoaderSize]:
    """Every published script of every version."""
    paths = sorted(path for path in PUBLISHED.glob("*/*") if path.suffix in (".js", ".mjs"))
    return [_size(path) for path in paths]


def loader_section() -> str:
    """For the page of the figures."""
    lines = [
        "## The login widget's loader",
        "",
        f"What a partner's page loads, at most {MOST_BYTES} bytes gzipped.",
        "",
        "| file | bytes | gzipped |",
        "| --- | --- | --- |",
    ]
    return "\n".join([*lines, *(f"| {size.name} | {size.raw} | {size.gzipped} |" for size in loader_sizes())])


def _size(path: Path) -> LoaderSize:
    content = path.read_bytes()
    return LoaderSize(f"{path.parent.name}/{path.name}", len(content), len(gzip.compress(content, 9)))


if __name__ == "__main__":
    others = re.sub(r"\n## The login widget's loader\n(?:(?!## ).*\n)*", "\n", PAGE.read_text())
    PAGE.write_text(others.rstrip() + "\n\n" + loader_section() + "\n")
