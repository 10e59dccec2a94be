"""Text that every place we keep things in can hold.

JSON may spell what UTF-8 cannot (a lone surrogate, RFC 8259 section 8.2), and PostgreSQL's text holds no NUL. Neither
is ever honest, so what is read for use is refused, and what is only traced is mended.
"""

from __future__ import annotations

import json


def is_storable(value: object) -> bool:
    """Whether every text in this JSON value is UTF-8 without NUL."""
    text = json.dumps(value, ensure_ascii=False)
    return "\\u0000" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def storable(text: str) -> str:
    """The text with every character that cannot be kept replaced, so that a trace of it can be written."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
