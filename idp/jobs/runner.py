"""The loops of `idp jobs run`, until it is told to stop: mails, logout tokens, and jobs with repeated tasks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread

from jinja2 import TemplateError

from idp.domain.platform.jobs import Schedule
from idp.domain.platform.messages import Delivery
from idp.jobs.handlers import HANDLERS
from idp.jobs.mails import render_mail
from idp.jobs.schedules import JOBS, SCHEDULES
from idp.usecases.deps import Deps, StoreUnavailable
from idp.usecases.platform.keys import renew_key_ring
from idp.usecases.platform.outbox import WaitingMessage, lease_messages, settle_message
from idp.usecases.platform.work import (
    WaitingJob,
    know_schedules,
    lease_schedule,
    lease_work,
    settle_schedule_run,
    settle_work,
)
from idp.usecases.portals.logout_deliveries import tell_those_due

IDLE_SECONDS = 1.0
logger = logging.getLogger("mire.jobs")


class Runner:
    """One runner of any number. `name` tells it from the others in leases and logs."""

    def __init__(self, deps: Deps, name: str, stop: Event) -> None:
        self._deps = deps
        self._name = name
        self._stop = stop

    def run(self) -> None:
        """Work until told to stop; what is under way is finished first."""
        senders = [
            Thread(target=self._repeat, args=(self.send_mails,), name="mails"),
            Thread(target=self._repeat, args=(self.send_logout_tokens,), name="logout tokens"),
        ]
        for sender in senders:
            sender.start()
        self._repeat(self._work)
        for sender in senders:
            sender.join()

    def once(self) -> None:
        """Do everything that waits now, then return."""
        self._work()
        while self.send_mails() or self.send_logout_tokens():
            pass

    def send_mails(self) -> bool:
        """Send what waits; whether there was anything."""
        waiting = lease_messages(self._deps, self._name)
        for message in waiting:
            settle_message(self._deps, self._name, message, self._send(message))
        return bool(waiting)

    def send_logout_tokens(self) -> bool:
        """Tell the portals that are due to be told again; whether there were any."""
        try:
            return tell_those_due(self._deps, JOBS, self._name) > 0
        except StoreUnavailable:
            raise
        except Exception:
            logger.exception("Logout tokens cannot be sent; they are tried again once their lease ends.")
            return False

    def do_jobs(self) -> bool:
        """Do what waits; whether there was anything."""
        waiting = lease_work(self._deps, self._name)
        for job in waiting:
            settle_work(self._deps, self._name, job, error=self._do(job))
        return bool(waiting)

    def do_schedules(self) -> None:
        """Do each repeated task that is due and that no other runner does."""
        for schedule, repeated in SCHEDULES.items():
            if lease_schedule(self._deps, self._name, schedule):
                self._guarded(schedule)
                settle_schedule_run(self._deps, self._name, schedule, repeated.every)

    def _work(self) -> bool:
        renew_key_ring(self._deps)
        know_schedules(self._deps)
        self.do_schedules()
        return self.do_jobs()

    def _repeat(self, step: Callable[[], bool]) -> None:
        while not self._stop.is_set():
            try:
                busy = step()
            except StoreUnavailable:
                logger.error("The database cannot be reached.")
                busy = False
            if not busy:
                self._stop.wait(IDLE_SECONDS)

    def _send(self, message: WaitingMessage) -> Delivery:
        try:
            return self._deps.mailer.send(render_mail(self._deps, message))
        except TemplateError as error:
            logger.exception("The mail %s cannot be written.", message.message)
            return Delivery(False, reason=f"template: {type(error).__name__}")

    def _do(self, job: WaitingJob) -> str:
        """The name of what went wrong, or nothing."""
        try:
            HANDLERS[job.kind](self._deps, job.payload)
        except StoreUnavailable:
            raise
        except Exception as error:
            # A runner outlives any job. The text of the error stays in the log: it may name a person.
            logger.exception("The job %s failed.", job.kind)
            return type(error).__name__
        return ""

    def _guarded(self, schedule: Schedule) -> None:
        try:
            SCHEDULES[schedule].run(self._deps)
        except StoreUnavailable:
            raise
        except Exception:
            logger.exception("The task %s failed; it runs again next time.", schedule)
