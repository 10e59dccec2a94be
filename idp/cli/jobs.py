"""`idp jobs`: mails, key rotation and housekeeping."""

from __future__ import annotations

import os
import signal
import socket
from threading import Event

import click

from idp.adapters.logs import configure_logs
from idp.jobs.runner import Runner
from idp.settings import Settings
from idp.wiring import ready_deps, start_watching


@click.group()
def jobs_group() -> None:
    """Work that waits for a runner."""


@jobs_group.command("run")
@click.option("--once", is_flag=True, help="Do what waits now, then end.")
def jobs_run(once: bool) -> None:
    """Send mails, rotate keys and keep house until SIGTERM or Ctrl-C. Any number of runners may run."""
    configure_logs()
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    settings = Settings.from_environment()
    deps = ready_deps(settings)
    runner = Runner(deps, f"{socket.gethostname()}/{os.getpid()}"[-64:], stop)
    try:
        if once:
            runner.once()
            return
        start_watching(settings, deps)  # it tells portals of ended sessions: it needs their addresses as they are now
        click.echo("The job runner runs.")
        runner.run()
    finally:
        deps.database.close()
