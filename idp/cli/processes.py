"""Processes of one command: started together, stopped together, none outlives the command."""

from __future__ import annotations

import ctypes
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Event
from time import monotonic

from idp.cli.demo_place import PROJECT
from idp.settings import SettingsError

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.1
START_SECONDS = 60.0
STOP_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class RunningPart:
    """One running part of the demo; its words are in `log`."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


@dataclass(slots=True)
class Processes:
    """Everything that runs."""

    folder: Path
    environment: Mapping[str, str]
    running: list[RunningPart] = field(default_factory=list)

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start the command in the background, in a session of its own: Ctrl-C reaches only the command."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as words:
            process = subprocess.Popen(
                list(command),
                cwd=PROJECT,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        self.running.append(RunningPart(name, process, log))

    def wait_until(self, ready: Callable[[], bool], stopping: Event) -> None:
        """Return once it is so, or the command is asked to stop.

        Raises:
            SettingsError: one of the processes has ended, or it is not so in time.
        """
        until = monotonic() + START_SECONDS
        while monotonic() < until:
            self.refuse_ended()
            if ready() or stopping.wait(POLL_SECONDS):
                return
        raise SettingsError(f"Nothing answered within {START_SECONDS:.0f} seconds; see {self.folder}/*.log.")

    def refuse_ended(self) -> None:
        """Say which process has ended by itself.

        Raises:
            SettingsError: one has.
        """
        for each in self.running:
            if each.process.poll() is not None:
                last = each.log.read_text(errors="replace").strip().rpartition("\n")[2]
                raise SettingsError(f"The {each.name} has ended ({last or 'without a word'}); see {each.log}.")

    def stop(self) -> None:
        """End all, the last started first; kill what does not end."""
        for each in reversed(self.running):
            with suppress(ProcessLookupError):
                each.process.terminate()
        for each in self.running:
            try:
                each.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                each.process.kill()
                each.process.wait()
        self.running.clear()


def _die_with_parent() -> None:
    """A demo that is killed takes its processes with it: else they would keep the ports."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def answers(port: int, path: str) -> bool:
    """Whether a server on this machine answers there, whatever it says but a server error."""
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
