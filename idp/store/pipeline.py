"""What PostgreSQL is told, and nobody waits for, travels with what somebody waits for: one way there and back for all.

A BEGIN, an INSERT whose outcome is not asked and a COMMIT are kept until the next statement whose rows are read, or
the end of the transaction, and sent by libpq's pipeline mode (PostgreSQL 16, section 34.5). What is wrong with one is
told when they are sent; nothing after it has happened then, and the transaction is rolled back.
"""

from __future__ import annotations

import select
from collections.abc import Sequence
from typing import Any, NamedTuple

from psycopg.errors import InFailedSqlTransaction, OperationalError, error_from_result
from psycopg.pq import ConnStatus, ExecStatus

DONE = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)
TEXT = 0
"""Values go and rows come as text, whose types the statement itself says."""


class Message(NamedTuple):
    """The name of a prepared statement, and its values."""

    name: bytes
    values: Sequence[Any] = ()


BEGIN, COMMIT, NOT_DURABLE = Message(b"mire_begin"), Message(b"mire_commit"), Message(b"mire_not_durable")
COMMANDS = {
    BEGIN: b"BEGIN",
    COMMIT: b"COMMIT",
    NOT_DURABLE: b"SET LOCAL synchronous_commit TO OFF",
}
"""Prepared like any statement: PostgreSQL reads a command for as long as it does it."""


def prepare_commands(pgconn: Any) -> None:
    """Of a new connection, before anything is kept or sent.

    Raises:
        psycopg.Error: see send.
    """
    for message, command in COMMANDS.items():
        checked(pgconn.prepare(message.name, command))


def send(pgconn: Any, waiting: list[Message], message: Message) -> Any:
    """What PostgreSQL answers to this one, after all that has waited.

    Raises:
        psycopg.Error: as a cursor would, of the first that failed.
    """
    if not waiting:
        return checked(_alone(pgconn, message))
    messages = [*waiting, message]
    waiting.clear()
    return _together(pgconn, messages)[-1]


def send_waiting(pgconn: Any, waiting: list[Message]) -> None:
    """Before something else speaks on this connection.

    Raises:
        psycopg.Error: see send.
    """
    if waiting:
        last = waiting.pop()
        send(pgconn, waiting, last)


def commit(pgconn: Any, waiting: list[Message]) -> None:
    """End the transaction; one in which nothing was said has not begun.

    Raises:
        psycopg.Error: nothing of it has happened, also because a statement had failed and nobody said so.
    """
    if waiting and waiting[-1] in (BEGIN, NOT_DURABLE):
        waiting.clear()
        return
    if send(pgconn, waiting, COMMIT).command_status == b"ROLLBACK":
        raise InFailedSqlTransaction("a statement had failed: PostgreSQL has rolled back")


def checked(result: Any) -> Any:
    """The same, when it is good.

    Raises:
        psycopg.Error: it is not.
    """
    if result.status not in DONE:
        raise error_from_result(result)
    return result


def _alone(pgconn: Any, message: Message) -> Any:
    return pgconn.exec_prepared(message.name, message.values, None, TEXT)


def _together(pgconn: Any, messages: Sequence[Message]) -> list[Any]:
    try:
        pgconn.enter_pipeline_mode()
        for message in messages:
            pgconn.send_query_prepared(message.name, message.values, None, TEXT)
        pgconn.pipeline_sync()
        while pgconn.flush():
            _wait(pgconn, select.POLLOUT | select.POLLIN)
            pgconn.consume_input()
        results = _answers(pgconn)
        if pgconn.status == ConnStatus.OK:
            pgconn.exit_pipeline_mode()
    except BaseException:
        pgconn.finish()  # half said: nobody can go on with it
        raise
    for result in results:
        checked(result)
    if len(results) != len(messages):
        pgconn.finish()
        raise OperationalError("the connection is lost")
    return results


def _answers(pgconn: Any) -> list[Any]:
    """One for each message, in order; fewer when the connection is lost."""
    results: list[Any] = []
    ended = False
    while True:
        while pgconn.is_busy():
            _wait(pgconn, select.POLLIN)
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:
            if ended:  # nothing comes any more
                return results
            ended = True
        elif result.status == ExecStatus.PIPELINE_SYNC:
            return results
        else:
            ended = False
            results.append(result)


def _wait(pgconn: Any, events: int) -> None:
    """Until the socket is ready; other threads go on: libpq's own waiting in `get_result` would hold the interpreter,
    and so whoever has the lock that PostgreSQL makes us wait for."""
    poll = select.poll()
    poll.register(pgconn.socket, events)
    poll.poll()
