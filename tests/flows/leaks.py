"""Looking for secrets where they must not be, in every spelling that a log, a row or a page could give them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from sqlalchemy import select

from idp.store.tables import metadata
from idp.usecases.deps import Deps


def spellings(secret: str) -> set[str]:
    """The text itself, percent-encoded, escaped as JSON, and its bytes in hexadecimal and base64."""
    raw = secret.encode()
    encoded = {base64.b64encode(raw), base64.urlsafe_b64encode(raw)}
    whole = {text.decode().rstrip("=") for text in encoded}
    return {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], raw.hex(), *whole}


def found_in(text: str, secrets: Iterable[tuple[str, str]]) -> set[str]:
    """The names of the secrets that the text holds in any spelling."""
    return {name for name, secret in secrets if any(form in text for form in spellings(secret))}


def database_text(deps: Deps) -> str:
    """Every row of every table, bytes as text and in hexadecimal."""
    return "\n".join(_rows(deps))


def _rows(deps: Deps) -> Iterator[str]:
    with deps.read() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)):
                yield table.name + ": " + " ".join(_shown(value) for value in row)


def _shown(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1") + " " + value.hex()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
