"""The files of deploy/ name commands, settings and files that exist."""

from __future__ import annotations

import re
import shlex
from configparser import ConfigParser
from dataclasses import fields
from pathlib import Path

import click
import pytest

from idp.cli.main import main
from idp.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
CONTAINER = ROOT / "deploy" / "container" / "Containerfile"
SETTINGS = {f"IDP_{field.name.upper()}" for field in fields(Settings)}


def read(unit: Path) -> ConfigParser:
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(unit)
    return parser


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_a_command_that_exists(unit: Path) -> None:
    service = read(unit)["Service"]
    for name in {"ExecStart", "ExecStartPre"} & set(service):
        python, *words = shlex.split(service[name])
        assert (python, words[:2]) == ("/opt/mire/.venv/bin/python", ["-m", "idp"])
        command: click.Command | None = main
        for word in words[2:]:
            assert isinstance(command, click.Group)
            command = command.get_command(click.Context(command), word)
        assert isinstance(command, click.Command)
        assert not isinstance(command, click.Group)


@pytest.mark.parametrize("file", [*UNITS, CONTAINER], ids=lambda file: file.name)
def test_only_settings_that_exist_are_set(file: Path) -> None:
    assert set(re.findall(r"IDP_[A-Z_]+", file.read_text())) <= SETTINGS


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_without_rights(unit: Path) -> None:
    service = read(unit)["Service"]
    assert service["User"] == "mire"
    assert {name: service[name] for name in ("NoNewPrivileges", "ProtectSystem", "CapabilityBoundingSet")} == {
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "CapabilityBoundingSet": "",
    }


def test_the_container_copies_what_exists_and_drops_its_rights() -> None:
    text = CONTAINER.read_text()
    copied = [line.split()[1] for line in text.splitlines() if line.startswith("COPY ") and "--from" not in line]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert re.search(r"^USER mire$", text, re.MULTILINE)
    assert "--require-hashes" in text
