"""Every text that people read exists in every language we offer."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

from babel.messages.catalog import Catalog

ROOT = Path(__file__).parents[2]


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("translations", ROOT / ".ci" / "translations.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_text_is_translated() -> None:
    """When this fails: python .ci/translations.py, then fill what it added."""
    translations = script()
    assert [] == translations.problems(translations.source_texts(), translations.english())


def test_what_is_missing_is_seen() -> None:
    """The control: each kind of defect is found."""
    source, catalogue = Catalog(locale="fr"), Catalog(locale="en")
    for text in ("a", "b", "c %(name)s", "d"):
        source.add(text)
    catalogue.add("b", "")
    catalogue.add("c %(name)s", "c")
    catalogue.add("d", "d", flags=["fuzzy"])
    catalogue.add("e", "e")
    found = [line.partition(":")[0] for line in script().problems(source, catalogue)]
    assert ["not translated", "not translated", "other placeholders", "fuzzy", "no longer in the source"] == found
