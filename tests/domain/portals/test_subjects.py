"""Pairwise subjects: the same within a sector, unrelated between sectors."""

from __future__ import annotations

from dataclasses import replace

from idp.domain.portals.clients import Client, SubjectType
from idp.domain.portals.subjects import client_subject

SALT = b"s" * 32
PAIRWISE = Client("a", subject_type=SubjectType.PAIRWISE, sector_identifier="a.example.fr")


def test_a_public_client_is_told_the_subject_itself() -> None:
    assert client_subject(Client("a"), "alice", SALT) == "alice"


def test_two_clients_of_one_sector_are_told_the_same() -> None:
    assert client_subject(PAIRWISE, "alice", SALT) == client_subject(replace(PAIRWISE, client_id="b"), "alice", SALT)


def test_two_sectors_two_people_and_two_salts_share_no_subject() -> None:
    other = replace(PAIRWISE, sector_identifier="b.example.fr")
    told = {
        client_subject(PAIRWISE, "alice", SALT),
        client_subject(other, "alice", SALT),
        client_subject(PAIRWISE, "bob", SALT),
        client_subject(PAIRWISE, "alice", b"t" * 32),
    }
    assert len(told) == 4


def test_a_pairwise_subject_does_not_hold_the_subject() -> None:
    assert "alice" not in client_subject(PAIRWISE, "alice", SALT)
