"""JSON is refused when two readers could read it differently, or when it could not be written again."""

from __future__ import annotations

import pytest

from idp.domain.platform.plain_json import MOST_NESTED, read_plain_json


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "{} {}", "NaN", "[Infinity]", "-Infinity", "1e999", "[-1e999]", '{"a": 1, "a": 1}',
        '{"a": {"b": 1, "b": 2}}',
        "[" * (MOST_NESTED + 1) + "]" * (MOST_NESTED + 1), "[" * 100_000, "9" * 5_000,
    ],
    ids=lambda text: text[:30],
)  # fmt: skip
def test_what_two_readers_could_read_differently_is_refused(text: str) -> None:
    """RFC 8259 sections 4, 6 and 9."""
    with pytest.raises(ValueError):  # noqa: PT011  # json's own among them
        read_plain_json(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": [1, 1.5, null, true, "x"]}', {"a": [1, 1.5, None, True, "x"]}),
        (b'{"a": {"a": 1}}', {"a": {"a": 1}}),
        ("1e3", 1000.0),
        ("[" * MOST_NESTED + "]" * MOST_NESTED, None),
    ],
    ids=str,
)
def test_everything_else_is_read(text: str | bytes, expected: object) -> None:
    assert expected in (None, read_plain_json(text))
