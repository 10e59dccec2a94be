"""clients.yaml under a running gateway: followed within seconds, refused when broken, never in a restart's way."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.processes import PATIENCE_SECONDS, fetch, fetch_when_up, idp, let_others_run, settings_of, started

CLIENT = """clients:
  - client_id: portail
    client_name: Portail
    redirect_uris: [http://portail.localhost:8001/callback]
    client_secret: env:PORTAIL_SECRET
"""
SECRET = "pV3uJ0mC9yQ2tZ7wLr8sXk1dNf5hGb4aEo6iTqRvUxY"
AUTHORIZE = "/authorize?response_type=code&redirect_uri=http://portail.localhost:8001/callback&scope=openid&client_id="


@pytest.fixture
def environment(migrated_sqlite: Path, tmp_path: Path) -> dict[str, str]:
    copy = tmp_path / "mire.sqlite3"
    copy.write_bytes(migrated_sqlite.read_bytes())
    clients = tmp_path / "clients.yaml"
    clients.write_text(CLIENT)
    others = {"IDP_CLIENTS": str(clients), "PORTAIL_SECRET": SECRET, "IDP_WORKERS": "2"}
    return settings_of(f"sqlite:///{copy}", tmp_path, **others)


@pytest.fixture
def gateway(environment: dict[str, str]) -> Iterator[psutil.Process]:
    with started(environment, "run") as process:
        fetch_when_up(f"{environment['IDP_ISSUER']}/health/live")
        fetch_when_up(f"http://{environment['IDP_OPS_LISTEN']}/health/live")
        yield psutil.Process(process.pid)


def write(environment: dict[str, str], text: str) -> None:
    """As a careful editor: whole, and not a moment ago."""
    path = Path(environment["IDP_CLIENTS"])
    path.with_suffix(".new").write_text(text)
    os.utime(path.with_suffix(".new"), (1, 1))
    path.with_suffix(".new").replace(path)


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < deadline
        let_others_run()


def readiness(environment: dict[str, str]) -> str:
    details: dict[str, str] = json.loads(fetch(f"http://{environment['IDP_OPS_LISTEN']}/health/ready")[1])["details"]
    return details["workers"]


def knows(environment: dict[str, str], client_id: str) -> bool:
    """A known client's mistake is answered at its redirect URI, an unknown client's by a page."""
    connection = http.client.HTTPConnection(environment["IDP_LISTEN"], timeout=PATIENCE_SECONDS)
    connection.request("GET", AUTHORIZE + client_id, headers={"Host": environment["IDP_ISSUER"].partition("//")[2]})
    status = connection.getresponse().status
    connection.close()
    return status in (302, 303)


def test_reload_returns_when_every_worker_uses_the_file(environment: dict[str, str], gateway: psutil.Process) -> None:
    write(environment, CLIENT.replace("client_name: Portail", "client_name: Autre nom"))
    result = idp({**environment, "PORTAIL_SECRET": ""}, "clients", "reload")
    assert (0, "2 workers use it.") == (result.returncode, result.stdout.splitlines()[-1]), result.stderr
    assert "env:PORTAIL_SECRET is read at the start; restart the gateway if it changed." in result.stdout


def test_a_broken_file_is_shown_with_its_line_and_workers_that_start_again_use_last_good(
    environment: dict[str, str], gateway: psutil.Process
) -> None:
    write(environment, CLIENT + "    match: loose\n")
    line = f"{environment['IDP_CLIENTS']}:6: portail: match: 'loose' cannot be used; write one of canonical, exact"
    assert line in idp(environment, "clients", "reload").stderr
    wait_for(lambda: readiness(environment).count(line) == 2)
    workers = [int(pid) for pid in re.findall(r"/(\d+): ", readiness(environment))]
    assert set(workers) < {child.pid for child in gateway.children()}
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not set(workers) & {child.pid for child in gateway.children()} and len(gateway.children()) == 3)
    assert fetch_when_up(f"{environment['IDP_ISSUER']}/health/ready") == (200, b"up\n")
    assert knows(environment, "portail")
    assert not knows(environment, "nobody")


def test_a_deployment_that_ran_before_starts_with_a_broken_file(environment: dict[str, str]) -> None:
    with started(environment, "run"):
        fetch_when_up(f"{environment['IDP_ISSUER']}/health/live")
    write(environment, "clients: [")
    with started(environment, "run"):
        fetch_when_up(f"{environment['IDP_ISSUER']}/health/live")
        wait_for(lambda: "clients.yaml:2: is not YAML" in readiness(environment))


def test_the_first_start_of_a_deployment_stops_at_a_broken_file(environment: dict[str, str]) -> None:
    write(environment, CLIENT.replace("client_name", "client_nam"))
    result = idp(environment, "run")
    assert 1 == result.returncode
    assert f"{environment['IDP_CLIENTS']}:3: portail: client_nam: unknown key" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_first_start_stops_at_a_missing_env_secret(environment: dict[str, str]) -> None:
    result = idp({**environment, "PORTAIL_SECRET": ""}, "run")
    assert 1 == result.returncode
    assert "the environment has no PORTAIL_SECRET; set it before the start, or use file:PATH" in result.stderr
