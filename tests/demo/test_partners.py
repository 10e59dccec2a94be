"""The demo's credentials are made here, once, and the gateway learns their public half only."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest
import yaml

from demo.partners import demo_registry, prepare
from demo.portals import PORTALS, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place("http://localhost:9100", 9100, tmp_path / "demo")


def test_only_their_owner_can_read_the_credentials(place: Place) -> None:
    prepare(place)
    files = [place.credential(portal) for portal in PORTALS] + [place.folder / "clients.yaml"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_second_run_keeps_the_credentials(place: Place) -> None:
    prepare(place)
    before = [place.credential(portal).read_text() for portal in PORTALS]
    prepare(place)
    assert [place.credential(portal).read_text() for portal in PORTALS] == before


def test_the_gateway_knows_no_secret(place: Place) -> None:
    text = prepare(place).read_text()
    assert [portal.client_id for portal in PORTALS if place.credential(portal).read_text() in text] == []
    assert '"d":' not in text
    secret = place.credential(PORTALS[0]).read_text()
    assert yaml.safe_load(text)["clients"][0]["client_secret"] == (
        f"sha256:{hashlib.sha256(secret.encode()).hexdigest()}"
    )


def test_the_four_ports_move_together(place: Place) -> None:
    prepare(place)
    registry = demo_registry(place)
    assert [client["redirect_uris"] for client in registry["clients"]] == [
        ["http://compte-formation.localhost:9101/callback"],
        ["http://activite-formation.localhost:9102/callback"],
        ["http://guichet-paie.localhost:9103/callback"],
    ]
    assert ":800" not in yaml.safe_dump(registry)


def test_ports_that_overlap_the_shipped_ones_move_once(tmp_path: Path) -> None:
    place = Place("http://localhost:8001", 8001, tmp_path)
    prepare(place)
    assert [client["backchannel_logout_uri"] for client in demo_registry(place)["clients"]] == [
        f"http://127.0.0.1:{port}/backchannel-logout" for port in (8002, 8003, 8004)
    ]
