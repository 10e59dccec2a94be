"""What our Flask leaves out may not be missed by anyone."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from flask import Response, url_for
from werkzeug.test import create_environ, run_wsgi_app

from idp.http.application import Sent, is_plain
from idp.store.database import Database
from tests.quiet import quiet_app, quiet_deps


def test_no_view_and_no_hook_is_a_coroutine(database: Database) -> None:
    app = quiet_app(quiet_deps(database))
    hooks = [hook for kind in (app.before_request_funcs, app.after_request_funcs) for hook in kind.get(None, ())]
    assert hooks
    assert not [func for func in (*app.view_functions.values(), *hooks) if inspect.iscoroutinefunction(func)]


def test_a_view_can_write_the_address_of_another(database: Database) -> None:
    with quiet_app(quiet_deps(database)).test_request_context():
        assert "/end-session" == url_for("end_session.get_end_session")


ADDRESSES = [
    "https://portal.example/cb?code=a%2Bb&state=%C3%A9#x",
    "https://portal.example/a path",
    "https://portal.example/é?q=à",
    "https://portal.example/[a]|b",
    "/sign-in?t=1",
]


def answers() -> list[Response]:
    redirects = [Response(status=303, headers={"Location": address}) for address in ADDRESSES]
    streamed = Response(iter([b"a", b"b"]))
    cookie = Response("é", 400)
    cookie.set_cookie("a", "b")
    return [*redirects, streamed, cookie, Response(status=204), Response(status=304), Response(["a", "b"]), Response()]


def sent(application: Any, method: str) -> tuple[bytes, str, list[tuple[str, str]]]:
    body, status, headers = run_wsgi_app(application, create_environ(method=method), buffered=True)
    return b"".join(body), status, sorted(headers.to_wsgi_list())


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_what_is_sent_is_what_werkzeug_sends(method: str) -> None:
    for ours, theirs in zip(answers(), answers(), strict=True):
        assert sent(theirs, method) == sent(Sent(ours), method)


def test_most_answers_are_sent_as_they_are() -> None:
    assert [True, False, False, False, True, False, True, False, False, False, True] == [
        is_plain(response) for response in answers()
    ]
