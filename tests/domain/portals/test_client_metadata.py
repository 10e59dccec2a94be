"""Which keys of clients.yaml a client may say of itself."""

from __future__ import annotations

from idp.domain.portals.client_metadata import OPERATORS, OWN
from idp.domain.portals.registry_fields import CLIENT_FIELDS


def test_of_every_key_it_is_decided_whose_it_is() -> None:
    """A new key of clients.yaml belongs in one of the two lists; until then no client can set it."""
    names = {field.name for field in CLIENT_FIELDS}
    assert set() == names - OWN - OPERATORS
    assert set() == OWN & OPERATORS


def test_the_decision_is_missed_when_it_is_not_made() -> None:
    """The control."""
    assert {"new_key"} == {"new_key", "theme"} - OWN - OPERATORS
