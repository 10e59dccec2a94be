"""What is sealed opens for its name, under a key that is still given, unchanged; never else."""

from __future__ import annotations

import pytest

from idp.adapters.sealer import CannotOpen, Sealer, SealingKey, decrypt_under, encrypt_under

OLD, NEW = SealingKey("old", b"o" * 32), SealingKey("new", b"n" * 32)


def test_the_first_key_seals_and_all_open() -> None:
    sealed, key_id = Sealer([OLD]).seal("salt", b"plain")
    assert Sealer([NEW, OLD]).open("salt", sealed, key_id) == b"plain"
    assert Sealer([NEW, OLD]).seal("salt", b"plain")[1] == "new"


def test_a_value_moved_to_another_name_does_not_open() -> None:
    sealer = Sealer([OLD])
    sealed, key_id = sealer.seal("signing-key:a", b"plain")
    with pytest.raises(CannotOpen):
        sealer.open("signing-key:b", sealed, key_id)


def test_a_changed_or_foreign_value_does_not_open() -> None:
    sealed, key_id = Sealer([OLD]).seal("salt", b"plain")
    for key, value, name in ((NEW, sealed, "new"), (OLD, sealed[:-1], key_id), (OLD, b"", key_id), (OLD, sealed, "x")):
        with pytest.raises(CannotOpen):
            Sealer([key]).open("salt", value, name)


def test_the_plain_text_is_not_in_what_is_sealed() -> None:
    assert b"plain" not in Sealer([OLD]).seal("salt", b"plain")[0]


def test_only_the_bearer_of_the_token_reads_what_is_kept_for_it() -> None:
    sealed = encrypt_under("token-a", b"response")
    assert decrypt_under("token-a", sealed) == b"response"
    assert decrypt_under("token-b", sealed) is None
    assert decrypt_under("token-a", b"") is None
