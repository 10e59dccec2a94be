"""`idp demo`: refused where others could reach it, one sentence for each hindrance, data kept by a second run."""

from __future__ import annotations

import socket
import stat
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from idp.cli.demo_people import read_people, seed
from idp.cli.demo_place import (
    PROJECT,
    DemoPlace,
    demo_environment,
    demo_port,
    refuse_public_issuer,
    refuse_taken_ports,
    write_environment,
)
from idp.cli.main import main
from idp.settings import Settings, SettingsError
from idp.store.database import Database
from idp.store.people.accounts import accounts, people
from idp.store.people.legal_units import establishments
from tests.ports import free_ports
from tests.quiet import quiet_deps

PEOPLE = read_people(PROJECT / "demo" / "people.yaml")


def idp_demo(folder: Path, **environment: str) -> tuple[int, str]:
    run = CliRunner().invoke(main, ["demo", "--folder", str(folder)], env=environment)
    return run.exit_code, run.output.strip()


def test_a_public_issuer_is_refused(tmp_path: Path) -> None:
    expected = (
        "Error: `idp demo` runs on this machine only, and IDP_ISSUER=https://mire.example.fr is not a loopback name."
    )
    assert idp_demo(tmp_path / "demo", IDP_ISSUER="https://mire.example.fr") == (1, expected)
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize("issuer", ["", "http://localhost:8000", "http://127.0.0.1:8000", "https://mire.localhost"])
def test_a_loopback_issuer_is_no_hindrance(issuer: str) -> None:
    refuse_public_issuer({"IDP_ISSUER": issuer})


@pytest.mark.parametrize("offset", [0, 1, 2, 3])
def test_each_taken_port_is_named(tmp_path: Path, offset: int) -> None:
    row = free_ports(4)
    port = row[offset]
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        code, said = idp_demo(tmp_path, IDP_DEMO_PORT=str(row[0]))
    taken = f"Error: Port {port} is taken: stop what listens there, or move all four: IDP_DEMO_PORT=9000 make demo"
    assert (code, said) == (1, taken)


def test_free_ports_are_no_hindrance(tmp_path: Path) -> None:
    """The control."""
    refuse_taken_ports(DemoPlace(tmp_path, free_ports(4)[0]))


@pytest.mark.parametrize(("written", "port"), [({}, 8000), ({"IDP_DEMO_PORT": "9000"}, 9000)])
def test_the_port_is_8000_unless_it_is_moved(written: Mapping[str, str], port: int) -> None:
    assert demo_port(written) == port


@pytest.mark.parametrize("written", ["80", "65533", "abc", "-1", "8000.5", "٨٠٠٠"])
def test_a_port_without_room_for_four_is_refused(written: str) -> None:
    with pytest.raises(SettingsError, match="between 1024 and 65532"):
        demo_port({"IDP_DEMO_PORT": written})


def test_the_four_addresses_move_together(tmp_path: Path) -> None:
    place = DemoPlace(tmp_path, 9000)
    assert (place.issuer, *place.portals) == (
        "http://localhost:9000",
        "http://compte-formation.localhost:9001",
        "http://activite-formation.localhost:9002",
        "http://guichet-paie.localhost:9003",
    )


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    place = DemoPlace(tmp_path, 8000)
    first = demo_environment(place)
    assert demo_environment(place) == first
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert len({first[name] for name in ("IDP_SECRET_KEY", "IDP_PEPPER", "IDP_KEY_ENCRYPTION_KEY")}) == 3


def test_the_demos_settings_are_accepted_as_any_others(tmp_path: Path) -> None:
    settings = Settings.from_environment(demo_environment(DemoPlace(tmp_path, 8000)))
    assert (settings.issuer, settings.is_loopback) == ("http://localhost:8000", True)


def test_a_shell_can_take_the_demos_settings_and_only_its_owners(tmp_path: Path) -> None:
    place = DemoPlace(tmp_path / "it's here", 8000)
    place.folder.mkdir()
    settings = demo_environment(place)
    write_environment(place, settings)
    file = place.folder / "environment"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    command = ["sh", "-c", '. "$0" && command -v python && env', str(file)]
    python, *said = subprocess.run(command, capture_output=True, text=True, check=True, env={}).stdout.splitlines()
    assert Path(python).parent == Path(sys.executable).parent
    assert {f"{name}={value}" for name, value in settings.items()} <= set(said)


def test_a_second_run_keeps_the_people(database: Database) -> None:
    deps = quiet_deps(database)
    seed(deps, PEOPLE)
    with database.read() as connection:
        before = connection.execute(select(accounts).order_by(accounts.c.id)).all()
    seed(deps, PEOPLE)
    with database.read() as connection:
        assert connection.execute(select(accounts).order_by(accounts.c.id)).all() == before
    assert len(before) == len(PEOPLE)


def test_the_accountant_is_one_person_with_three_accounts(database: Database) -> None:
    seed(quiet_deps(database), PEOPLE)
    with database.read() as connection:
        ines = connection.execute(select(accounts.c.person_id).where(accounts.c.given_name == "Inès")).scalars().all()
        everyone = connection.execute(select(people.c.id)).scalars().all()
    assert (len(ines), len(set(ines)), len(everyone)) == (3, 1, len(PEOPLE) - 2)


def test_the_closed_establishment_names_its_successor(database: Database) -> None:
    seed(quiet_deps(database), PEOPLE)
    with database.read() as connection:
        closed = connection.execute(
            select(establishments.c.siret, establishments.c.successor_siret).where(
                establishments.c.closed_at.is_not(None)
            )
        ).all()
    assert [tuple(row) for row in closed] == [("99900042500010", "99900042500028")]


def test_a_person_who_cannot_be_is_named(database: Database) -> None:
    with pytest.raises(SettingsError, match="MOUTIN CLAIRE cannot be made"):
        seed(quiet_deps(database), (replace(PEOPLE[0], siret="99900037500018"),))
