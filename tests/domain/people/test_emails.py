"""The shape of a mailbox, no more: only a message that arrives proves one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.people.emails import InvalidEmail, parse_email


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Claire.Moutin@Example.FR", "Claire.Moutin@example.fr"),
        (" claire+mire@sous.domaine.example ", "claire+mire@sous.domaine.example"),
        ("h\u00e9lo\u00efse@soci\u00e9t\u00e9.example", "h\u00e9lo\u00efse@soci\u00e9t\u00e9.example"),
        ("o'brien@x-y.example", "o'brien@x-y.example"),
    ],
)
def test_a_mailbox_is_kept_with_its_domain_in_lower_case(typed: str, kept: str) -> None:
    assert parse_email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "", "claire", "claire@", "@example.fr", "claire@example", "a b@example.fr", "a@b@example.fr", "a@-b.fr",
        "a@example..fr", "a@example.fr\r\nBcc: x@y.fr", "a\x00@example.fr", "<a@example.fr>", "a@[127.0.0.1]",
        "a" * 65 + "@example.fr", "a@" + "b" * 250 + ".fr", "a@192.168.0.1",
    ],
)  # fmt: skip
def test_what_is_no_mailbox_is_refused(typed: str) -> None:
    with pytest.raises(InvalidEmail):
        parse_email(typed)


@given(st.text() | st.from_regex(r"[^@]{1,10}@[^@]{1,10}\.[a-z]{2,3}"))
def test_any_text_is_a_mailbox_or_an_invalid_one(text: str) -> None:
    try:
        address = parse_email(text)
    except InvalidEmail:
        return
    assert parse_email(address) == address
