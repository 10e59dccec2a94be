"""The portals of docs/tutorial/connect-your-portal.md, run exactly as they are written there."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.interop.gateway import gateway_with
from tests.interop.visitor import Visitor
from tests.ports import free_port
from tests.processes import ROOT, fetch_when_up

PAGE = (ROOT / "docs" / "tutorial" / "connect-your-portal.md").read_text()
NODE_MODULES = ROOT / "var" / "interop" / "node_modules"
SECRET = secrets.token_urlsafe(32)


@dataclass(frozen=True)
class Written:
    """One portal of the page: its language there, its file, and what runs that."""

    language: str
    file: str
    command: tuple[str, ...]


PORTALS = (
    Written("python", "portail.py", (sys.executable, "portail.py")),
    Written("js", "portail.mjs", ("node", "portail.mjs")),
    Written("php", "portail.php", ("php", "-S", "127.0.0.1:{port}", "portail.php")),
)


@pytest.fixture(params=PORTALS, ids=lambda written: written.language)
def written(request: pytest.FixtureRequest) -> Written:
    chosen: Written = request.param
    return chosen


@pytest.fixture
def ports() -> dict[str, int]:
    return {written.language: free_port() for written in PORTALS}


@pytest.fixture
def gateway(migrated_sqlite: Path, tmp_path: Path, ports: dict[str, int]) -> Iterator[str]:
    """The gateway with the registry entry of the page, once for each portal, and one person."""
    with gateway_with(registry(ports), migrated_sqlite, tmp_path, MON_PORTAIL_SECRET=SECRET) as issuer:
        yield issuer


def code_of(language: str) -> str:
    (code,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.S)
    return str(code)


def registry(ports: dict[str, int]) -> str:
    """The page's own clients.yaml, its one entry repeated under the name and port of each portal."""
    head, _, entry = code_of("yaml").partition("\n")
    entries = [
        entry.replace("client_id: mon-portail", f"client_id: {language}").replace(":5000/", f":{port}/")
        for language, port in ports.items()
    ]
    return head + "\n" + "".join(entries)


@pytest.fixture
def portal(gateway: str, written: Written, ports: dict[str, int], tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "portal"
    folder.mkdir()
    (folder / written.file).write_text(code_of(written.language))
    if written.language == "js":
        (folder / "node_modules").symlink_to(NODE_MODULES)
    port = ports[written.language]
    environment = {
        "ISSUER": gateway,
        "CLIENT_ID": written.language,
        "CLIENT_SECRET": SECRET,
        "PORT": str(port),
        "PATH": os.environ["PATH"],
    }
    command = [part.format(port=port) for part in written.command]
    with (tmp_path / "portal.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        fetch_when_up(f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


def test_the_portal_of_the_page_signs_in_and_out(portal: str, visitor: Visitor) -> None:
    assert "Vous n’êtes pas connecté" in visitor.go(f"{portal}/")[1]
    assert (f"{portal}/", True) == signed_in(visitor.go(f"{portal}/login"))
    assert (f"{portal}/", False) == signed_in(visitor.go(f"{portal}/logout"))


def test_an_answer_that_was_not_asked_for_signs_nobody_in(portal: str, visitor: Visitor) -> None:
    visitor.go(f"{portal}/")
    answer = visitor.sites[portal].request("GET", "/callback?code=stolen&state=x")
    assert answer.status >= 400
    assert "Vous n’êtes pas connecté" in visitor.go(f"{portal}/")[1]


def signed_in(arrived: tuple[str, str]) -> tuple[str, bool]:
    address, page = arrived
    return address, "Bonjour Claire MOUTIN, SIRET 99900037500017." in page
