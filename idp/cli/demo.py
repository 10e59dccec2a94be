"""`idp demo`: the gateway, its job runner and three partner portals on this machine, with people to try them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event

import click

from idp.cli.demo_people import DEMO_PASSWORD, DemoPerson, read_people, seed
from idp.cli.demo_place import (
    PROJECT,
    DemoPlace,
    demo_environment,
    demo_port,
    refuse_public_issuer,
    refuse_taken_ports,
    write_environment,
)
from idp.cli.processes import Processes, answers
from idp.domain.people.siret import display_siret, parse_siret
from idp.settings import Settings, SettingsError
from idp.store.migrate import upgrade
from idp.wiring import ready_deps

WATCH_SECONDS = 0.5


@click.command("demo")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), default=PROJECT / "var" / "demo")
def demo_command(folder: Path) -> None:
    """Start the gateway and three portals with demo accounts; Ctrl-C stops all of it."""
    refuse_public_issuer(os.environ)
    place = DemoPlace(folder.absolute(), demo_port(os.environ))
    if not (PROJECT / "demo" / "people.yaml").exists():
        raise SettingsError("The demo is a part of the project's folder: run `make demo` in a clone of it.")
    refuse_taken_ports(place)
    stopping = stop_by_signal()
    click.echo(f"Preparing {place.folder} ...")
    environment = prepare(place)
    people = read_people(PROJECT / "demo" / "people.yaml")
    seed_database(environment, people)
    run(place, environment, people, stopping)


def stop_by_signal() -> Event:
    """Set by Ctrl-C or SIGTERM."""
    stopping = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


def prepare(place: DemoPlace) -> dict[str, str]:
    """The folder, the portals' credentials and clients.yaml; returns the environment of every process."""
    place.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings = demo_environment(place)
    write_environment(place, settings)
    outside = {name: value for name, value in os.environ.items() if not name.startswith("IDP_")}
    environment = {**outside, **settings, "PYTHONUNBUFFERED": "1"}
    subprocess.run(
        portals_command("prepare", place),
        cwd=PROJECT,
        env=outside,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return environment


def portals_command(command: str, place: DemoPlace) -> list[str]:
    """How the partners' side is called: it is a program of its own."""
    words = ["--issuer", place.issuer, "--port", str(place.port), "--folder", str(place.folder)]
    return [sys.executable, "-m", "demo", command, *words]


def seed_database(environment: dict[str, str], people: tuple[DemoPerson, ...]) -> None:
    """The newest schema, and everyone who is not there yet."""
    settings = Settings.from_environment(environment)
    upgrade(settings.database_url)
    deps = ready_deps(settings)
    try:
        seed(deps, people)
    finally:
        deps.database.close()


def run(place: DemoPlace, environment: dict[str, str], people: tuple[DemoPerson, ...], stopping: Event) -> None:
    """Start everything, say where it is, and stay until Ctrl-C.

    Raises:
        SettingsError: a part of it ended by itself.
    """
    processes = Processes(place.folder, environment)
    try:
        processes.start("gateway", [sys.executable, "-m", "idp", "run"])
        processes.start("jobs", [sys.executable, "-m", "idp", "jobs", "run"])
        processes.start("portals", portals_command("serve", place))
        processes.wait_until(lambda: is_ready(place), stopping)
        if not stopping.is_set():
            click.echo(welcome(place, people))
        while not stopping.wait(WATCH_SECONDS):
            processes.refuse_ended()
    finally:
        processes.stop()
    click.echo("The demo has stopped; its data stays in " + str(place.folder) + ".")


def is_ready(place: DemoPlace) -> bool:
    """The gateway and the three portals answer."""
    portals = all(answers(place.port + offset, "/") for offset in (1, 2, 3))
    return portals and answers(place.port, "/health/live")


def welcome(place: DemoPlace, people: tuple[DemoPerson, ...]) -> str:
    """Addresses and accounts."""
    addresses = [("Gateway", place.issuer), *(("Portal", address) for address in place.portals)]
    rows = [(written(one.siret), one.family_name, one.given_name, one.shows) for one in people]
    head = ("SIRET", "Nom", "Prénom", "Ce que le compte montre")
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(4)]
    lines = ["", *(f"  {name:<8} {address}" for name, address in addresses)]
    lines += [f"  {'Mails':<8} {place.portals[0]}/mails/", ""]
    lines += [f"  {place.portals[-1]} has the login widget: the form is in its own page.", ""]
    lines += [f"  In another terminal, `. {place.folder / 'environment'}` makes `idp` administer this demo.", ""]
    for row in (head, tuple("-" * width for width in widths), *rows):
        lines.append("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return "\n".join([*lines, "", f"  Everyone's password is {DEMO_PASSWORD}. Ctrl-C stops the demo.", ""])


def written(siret: str) -> str:
    """The SIRET in groups, with plain spaces: a terminal's selection is pasted elsewhere."""
    return " ".join(display_siret(parse_siret(siret)).split())
