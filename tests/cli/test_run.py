"""`idp run`: one sentence when it cannot start, one answer when it can, nothing left when it ends."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.processes import fetch, fetch_when_up, idp, let_others_run, settings_of, started


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> dict[str, str]:
    return settings_of(database_url, tmp_path)


@pytest.fixture
def sqlite(migrated_sqlite: Path, tmp_path: Path) -> dict[str, str]:
    """Where the engine does not matter."""
    copy = tmp_path / "mire.sqlite3"
    copy.write_bytes(migrated_sqlite.read_bytes())
    return settings_of(f"sqlite:///{copy}", tmp_path)


@pytest.fixture
def running(sqlite: dict[str, str]) -> Iterator[tuple[dict[str, str], psutil.Process]]:
    with started(sqlite, "run") as process:
        fetch_when_up(f"{sqlite['IDP_ISSUER']}/health/live")
        fetch_when_up(f"http://{sqlite['IDP_OPS_LISTEN']}/health/live")
        yield sqlite, psutil.Process(process.pid)


def test_the_public_hears_up_and_operators_hear_why(environment: dict[str, str]) -> None:
    with started(environment, "run"):
        assert fetch_when_up(f"{environment['IDP_ISSUER']}/health/ready") == (200, b"up\n")
        status, body = fetch_when_up(f"http://{environment['IDP_OPS_LISTEN']}/health/ready")
        assert (status, json.loads(body)["details"]["keys"]) == (200, "ok")


def test_metrics_are_on_the_operations_address_only(running: tuple[dict[str, str], psutil.Process]) -> None:
    environment, _ = running
    assert fetch(f"http://{environment['IDP_OPS_LISTEN']}/metrics")[0] == 200
    assert fetch(f"{environment['IDP_ISSUER']}/metrics")[0] == 404


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_every_process(running: tuple[dict[str, str], psutil.Process], how: signal.Signals) -> None:
    _, parent = running
    family = [parent, *parent.children(recursive=True)]
    assert len(family) == 3
    os.killpg(parent.pid, how) if how is signal.SIGINT else parent.send_signal(how)  # Ctrl-C reaches the whole group
    gone, alive = psutil.wait_procs(family, timeout=5)
    assert (len(gone), alive) == (3, [])


def test_a_killed_parent_leaves_no_orphan_on_the_port(running: tuple[dict[str, str], psutil.Process]) -> None:
    _, parent = running
    children = parent.children(recursive=True)
    parent.kill()
    assert psutil.wait_procs(children, timeout=20)[1] == []


def test_a_killed_worker_is_replaced(running: tuple[dict[str, str], psutil.Process]) -> None:
    environment, parent = running
    for child in parent.children():
        if any(
            connection.laddr.port == int(environment["IDP_LISTEN"].split(":")[1]) for connection in listening(child)
        ):
            child.kill()
            psutil.wait_procs([child], timeout=20)
    assert fetch_when_up(f"{environment['IDP_ISSUER']}/health/ready") == (200, b"up\n")


def listening(process: psutil.Process) -> list[psutil._common.pconn]:
    return [item for item in process.net_connections() if item.status == psutil.CONN_LISTEN]


@pytest.mark.parametrize("setting", ["IDP_LISTEN", "IDP_OPS_LISTEN"])
def test_a_second_instance_is_refused_in_one_sentence(
    running: tuple[dict[str, str], psutil.Process], tmp_path: Path, setting: str
) -> None:
    """Granian shares its port with SO_REUSEPORT: without our check the second would take half of the requests."""
    environment, _ = running
    other = settings_of(environment["IDP_DATABASE_URL"], tmp_path / "other", **{setting: environment[setting]})
    refused = idp(other, "run")
    assert refused.returncode == 1
    assert refused.stderr == (
        f"Error: {setting}={environment[setting]} cannot be used: another program listens there already.\n"
    )


def test_an_unmigrated_database_is_said_in_one_sentence(tmp_path: Path) -> None:
    refused = idp(settings_of(f"sqlite:///{tmp_path}/new.sqlite3", tmp_path), "run")
    assert refused.stderr == "Error: The database does not have the newest schema: run `idp db upgrade`.\n"


def test_an_absent_database_is_said_in_one_sentence(tmp_path: Path) -> None:
    refused = idp(settings_of(f"sqlite:///{tmp_path}/no/where.sqlite3", tmp_path), "run")
    assert refused.stderr == "Error: IDP_DATABASE_URL: the database cannot be reached or written.\n"


def test_a_lost_key_encryption_key_is_said_in_one_sentence(sqlite: dict[str, str]) -> None:
    with started(sqlite, "run"):
        fetch_when_up(f"{sqlite['IDP_ISSUER']}/health/live")
    refused = idp({**sqlite, "IDP_KEY_ENCRYPTION_KEY": f"b:{'B' * 43}"}, "run")
    assert refused.stderr == ("Error: IDP_KEY_ENCRYPTION_KEY lacks the version 'a', under which keys are sealed.\n")


def test_a_unix_socket_serves_and_a_stale_one_is_replaced(sqlite: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "gateway.sock"
    environment = {**sqlite, "IDP_LISTEN": f"unix:{path}", "IDP_OPS_LISTEN": f"unix:{tmp_path}/ops.sock"}
    for end in (signal.SIGKILL, signal.SIGTERM):
        with started(environment, "run") as process:
            assert ask_unix(path, "/health/ready") == b"up\n"
            assert b'"up"' in ask_unix(tmp_path / "ops.sock", "/health/ready")
            family = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(end)
            psutil.wait_procs(family, timeout=20)


def ask_unix(path: Path, target: str) -> bytes:
    deadline = time.monotonic() + 20
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(path))
                connection.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
                answer = http.client.HTTPResponse(connection)
                answer.begin()
                return answer.read()
        except OSError:
            assert time.monotonic() < deadline
            let_others_run()


@pytest.mark.parametrize("raw", ["8000", "localhost:", "localhost:x", "unix:relative", "localhost:99999"])
def test_a_wrong_address_is_said_in_one_sentence(sqlite: dict[str, str], raw: str) -> None:
    refused = idp({**sqlite, "IDP_LISTEN": raw}, "run")
    assert refused.stderr == f"Error: IDP_LISTEN must be host:port or unix:/absolute/path, and is {raw!r}.\n"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("IDP_OUTBOUND_ALLOW", "nonsense"),
        ("IDP_OUTBOUND_CA", "/no/such/file.pem"),
        ("IDP_SMTP_URL", "http://mail"),
        ("IDP_MAIL_FROM", "nobody"),
    ],
)
def test_a_wrong_setting_is_said_in_one_sentence(sqlite: dict[str, str], setting: str, value: str) -> None:
    refused = idp({**sqlite, setting: value}, "run")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert refused.stderr.startswith(f"Error: {setting}")
