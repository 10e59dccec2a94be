"""`idp run`: a parent that embeds the production server and starts one more process for operations."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.context import ForkProcess
from pathlib import Path
from threading import Event, Thread
from typing import Any

import click
from granian.constants import HTTPModes, Interfaces
from granian.server.mp import MPServer

from idp.adapters.large_pages import use_large_pages
from idp.adapters.logs import LOGGING, configure_logs
from idp.adapters.metrics import forget_dead_processes
from idp.cli.addresses import ListenAddress, claim
from idp.cli.ops_process import serve_operations
from idp.settings import PREFIX, Settings, SettingsError
from idp.wiring import check_start, create_app

BACKLOG = 2048
BACKPRESSURE = 4096
"""Connections a worker accepts, idle ones included: far above its threads, else keep-alive starves it."""
KILL_AFTER_SECONDS = 10
"""A worker that has not ended its requests by then is killed."""
PR_SET_PDEATHSIG = 1
COLLECT_AFTER = (5_000, 20, 20)
"""Thresholds of the garbage collector's generations: what one request makes is gone with it, nearly all without it."""


@click.command("run")
def run_command() -> None:
    """Run the gateway in the foreground until SIGTERM or Ctrl-C."""
    settings = Settings.from_environment()
    configure_logs()
    run(settings)


def run(settings: Settings) -> None:
    """Check everything that can be said in one sentence, then serve.

    Raises:
        SettingsError: an address is taken, or the database is not there or not migrated.
    """
    address = ListenAddress.parse(settings.listen, "IDP_LISTEN")
    operations = ListenAddress.parse(settings.ops_listen, "IDP_OPS_LISTEN")
    prepare_run_directory(settings.run_directory)
    claims = [
        claim(address, "IDP_LISTEN", settings.run_directory),
        claim(operations, "IDP_OPS_LISTEN", settings.run_directory),
    ]
    check_start(settings)
    forget_secrets()
    multiprocessing.set_start_method("fork", force=True)  # Python 3.14's default cannot pass our loader
    beside = Beside(lambda: serve_operations(settings, operations, os.getppid()))
    server = make_server(settings, address)
    server.on_startup(beside.start)
    server.on_shutdown(beside.stop)
    click.echo(f"The gateway {settings.issuer} listens on {address}, operations on {operations}.")
    try:
        server.serve(target_loader=lambda: load_worker(settings), wrap_loader=False)
    finally:
        beside.stop()
        for descriptor in claims:
            os.close(descriptor)


def prepare_run_directory(folder: Path) -> None:
    """The folder for locks and metric files, with those of processes that are gone removed.

    Raises:
        SettingsError: it cannot be made.
    """
    try:
        (folder / "metrics").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"IDP_RUN_DIRECTORY={folder} cannot be made: {error.strerror}.") from None
    forget_dead_processes(folder / "metrics")


def make_server(settings: Settings, address: ListenAddress) -> MPServer:
    """Granian as we need it (2.8.7): see the traps in docs/explanation/architecture.md."""
    where: dict[str, Any] = {"address": address.host, "port": address.port}
    if address.path is not None:
        where = {"uds": address.path, "uds_permissions": 0o660}
    return MPServer(
        "idp",
        **where,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=settings.workers,
        blocking_threads=settings.threads,
        backlog=BACKLOG,
        backpressure=BACKPRESSURE,
        respawn_failed_workers=True,
        workers_kill_timeout=KILL_AFTER_SECONDS,
        websockets=False,
        log_dictconfig=LOGGING,
    )


def load_worker(settings: Settings) -> Any:
    """The application, inside a worker, which dies with its parent: an orphan would keep the port.

    Ctrl-C reaches a whole process group, and a worker that gets SIGINT and then the parent's SIGTERM may hang until
    it is killed (Granian 2.8.7): a group of its own leaves it the second only.
    """
    os.setpgrp()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    application = create_app(settings)
    spare_what_stays()
    return application


def spare_what_stays() -> None:
    """Nothing that is loaded by now is ever garbage: the collector need not look at it again and again, which was a
    tenth of a sign-in (measured) and a pause of whoever met it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    use_large_pages()


def forget_secrets() -> None:
    """Take our settings out of the environment: Granian copies it into every request's WSGI environment."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]


class Beside:
    """One process beside the server, started again if it ends by itself."""

    def __init__(self, target: Callable[[], None]) -> None:
        self._target = target
        self._stopping = Event()
        self._process: ForkProcess | None = None

    def start(self) -> None:
        """Start it, and a thread that watches it."""
        self._spawn()
        Thread(target=self._watch, daemon=True).start()

    def stop(self) -> None:
        """End it, and wait until it has ended."""
        self._stopping.set()
        process = self._process
        if process is not None and process.is_alive():
            process.terminate()
            process.join(KILL_AFTER_SECONDS)

    def _spawn(self) -> None:
        self._process = ForkProcess(name="mire-operations", target=self._target, daemon=True)
        self._process.start()

    def _watch(self) -> None:
        while not self._stopping.is_set():
            process = self._process
            assert process is not None
            process.join()
            if not self._stopping.wait(1.0):
                self._spawn()
