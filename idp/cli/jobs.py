"""`idp jobs`: mails, key rotation and housekeeping."""

from __future__ import annotations

import os
import signal
import socket
from threading import Event

import click

from idp.adapters.logs import configure_logs
from idp.cli.operator import operating
from idp.jobs.runner import Runner
from idp.usecases.platform.keys import ensure_keys


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
    with operating() as (deps, _):
        ensure_keys(deps)
        runner = Runner(deps, f"{socket.gethostname()}/{os.getpid()}"[-64:], stop)
        if once:
            runner.once()
            return
        click.echo("The job runner runs.")
        runner.run()
