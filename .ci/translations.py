"""The texts of pages and mails, held against the English catalogue.

    python .ci/translations.py          brings messages.po up to date: new texts are added empty, gone ones leave

tests/web/test_translations.py fails while a text is missing, empty, fuzzy or has lost a placeholder.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "idp"
CATALOGUE = PACKAGE / "web" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
OPTIONS = {"**/templates/**.html": {"trimmed": "true", "silent": "false"}}
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "lazy_ngettext": (1, 2)}
HEAD = r"""msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

"""
PLACEHOLDER = re.compile(r"%\(\w+\)s|{\w+}")


def source_texts() -> Catalog:
    """Every text of the source, French."""
    texts = Catalog(charset="utf-8")
    found = extract_from_dir(PACKAGE, METHODS, OPTIONS, keywords=KEYWORDS)
    for name, _line, message, _comments, context in sorted(found, key=lambda item: (item[0], item[1])):
        texts.add(message, locations=[(name, 1)], context=context)
    return texts


def english() -> Catalog:
    """The catalogue as committed."""
    return read_po(io.BytesIO(CATALOGUE.read_bytes()), locale="en")


def placeholders(text: str | tuple[str, ...]) -> set[str]:
    """The names that a text is filled with."""
    joined = " ".join(text) if isinstance(text, tuple | list) else text
    return set(PLACEHOLDER.findall(joined))


def problems(source: Catalog, catalogue: Catalog) -> list[str]:
    """What is missing, empty, fuzzy, gone or differently filled."""
    wrong = []
    for message in source:
        if not message.id:
            continue
        translated = catalogue.get(message.id, message.context)
        if translated is None or not translated.string or ("" in translated.string and message.pluralizable):
            wrong.append(f"not translated: {message.id!r}")
        elif translated.fuzzy:
            wrong.append(f"fuzzy: {message.id!r}")
        elif placeholders(message.id) != placeholders(translated.string):
            wrong.append(f"other placeholders: {message.id!r}")
    gone = [message.id for message in catalogue if message.id and source.get(message.id, message.context) is None]
    return wrong + [f"no longer in the source: {text!r}" for text in gone]


def update() -> None:
    """Bring the catalogue up to date with the source, translations kept."""
    catalogue = english()
    updated = Catalog(locale="en", charset="utf-8")
    for message in source_texts():
        if message.id:
            kept = catalogue.get(message.id, message.context)
            updated.add(message.id, kept.string if kept else "", context=message.context)
    text = io.BytesIO()
    write_po(text, updated, omit_header=True, width=110, sort_output=True, no_location=True)
    CATALOGUE.write_text(HEAD + text.getvalue().decode())


if __name__ == "__main__":
    update()
    print("\n".join(problems(source_texts(), english())) or "every text is translated")
