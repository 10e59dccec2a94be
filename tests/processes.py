"""Real processes of the program for tests: started with their own settings, waited for, always ended."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.ports import free_port

ENTRY = "from idp.cli import main; main()"
ROOT = Path(__file__).resolve().parents[1]
PATIENCE_SECONDS = 30.0


def settings_of(database_url: str, folder: Path, **others: str) -> dict[str, str]:
    """A complete environment for the program, with ports of its own."""
    port = free_port()
    secrets = {f"IDP_{name}": f"a:{'A' * 43}" for name in ("SECRET_KEY", "PEPPER", "KEY_ENCRYPTION_KEY")}
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("IDP_")},
        **secrets,
        "IDP_ISSUER": f"http://localhost:{port}",
        "IDP_LISTEN": f"127.0.0.1:{port}",
        "IDP_OPS_LISTEN": f"127.0.0.1:{free_port()}",
        "IDP_DATABASE_URL": database_url,
        "IDP_RUN_DIRECTORY": str(folder / "run"),
        "IDP_SMTP_URL": f"file://{folder}/mail",
        "PYTHONPATH": str(ROOT),
        **others,
    }


def idp(environment: Mapping[str, str], *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """One command, run to its end."""
    command = [sys.executable, "-c", ENTRY, *arguments]
    return subprocess.run(
        command, env=environment, cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )


@contextlib.contextmanager
def started(environment: Mapping[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """One command in the background, ended with the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", ENTRY, *arguments],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.communicate(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def fetch(url: str) -> tuple[int, bytes]:
    """Status and body, whatever the status."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def fetch_when_up(url: str) -> tuple[int, bytes]:
    """The first answer of a server that is starting."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return fetch(url)
        except OSError:
            assert time.monotonic() < deadline, f"{url} does not answer"
            let_others_run()


def wait_until_it_listens(port: int) -> None:
    """For a server of this machine that is starting, whatever it speaks."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            socket.create_connection(("localhost", port), timeout=PATIENCE_SECONDS).close()
        except OSError:
            assert time.monotonic() < deadline, f"nobody listens at {port}"
            let_others_run()
        else:
            return


def let_others_run() -> None:
    """Between two looks at another process."""
    select.select([], [], [], 0.02)
