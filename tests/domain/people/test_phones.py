"""Telephone numbers are kept as they are dialled from anywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.people.phones import InvalidPhone, parse_phone


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("01 40 00 00 01", "+33140000001"),
        ("+33 1.40.00.00.01", "+33140000001"),
        ("0033140000001", "+33140000001"),
        ("+41 (0)22-123-45-67".replace("(0)", ""), "+41221234567"),
        ("3949123", "3949123"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_a_number_is_kept_without_separators(typed: str, kept: str) -> None:
    assert parse_phone(typed) == kept


@pytest.mark.parametrize("typed", ["appelez-moi", "12", "+331400000011111111", "01\x0040000001", "\u0660\u0661" * 5])
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(InvalidPhone):
        parse_phone(typed)


@given(st.text())
def test_any_text_is_a_number_or_an_invalid_one(text: str) -> None:
    try:
        number = parse_phone(text)
    except InvalidPhone:
        return
    assert parse_phone(number) == number
