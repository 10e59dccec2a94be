"""What our Flask leaves out may not be missed by anyone."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, url_for
from werkzeug.test import create_environ, run_wsgi_app

from idp.http.application import Application, Sent, is_plain
from idp.http.deps import EXTENSION, current_deps, current_request
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


def sent(application: Any, method: str, path: str = "/") -> tuple[bytes, str, list[tuple[str, str]]]:
    body, status, headers = run_wsgi_app(application, create_environ(path, method=method), buffered=True)
    return b"".join(body), status, sorted(headers.to_wsgi_list())


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_what_is_sent_is_what_werkzeug_sends(method: str) -> None:
    for ours, theirs in zip(answers(), answers(), strict=True):
        assert sent(theirs, method) == sent(Sent(ours), method)


def test_most_answers_are_sent_as_they_are() -> None:
    written = [(response, response.headers.to_wsgi_list()) for response in answers()]
    assert [True, False, False, False, True, False, True, False, False, False, True] == [
        is_plain(response, [name.lower() for name, _ in headers], headers) for response, headers in written
    ]


def traced(app: Flask, trace: list[str], refusing: str = "") -> Flask:
    """An application with hooks of every kind, that write down when they are called. `refusing` answers itself."""
    app.extensions[EXTENSION] = None

    def before(name: str) -> Any:
        def hook() -> str | None:
            trace.append(f"before {name}")
            return "refused" if name == refusing else None

        return hook

    def after(name: str) -> Any:
        def hook(response: Response) -> Response:
            trace.append(f"after {name}")
            response.headers.add("X-After", name)
            return response

        return hook

    inner, outer = Blueprint("inner", __name__), Blueprint("outer", __name__)
    for part, names in ((app, ("app 1", "app 2")), (outer, ("outer",)), (inner, ("inner 1", "inner 2"))):
        for name in names:
            part.before_request(before(name))
            part.after_request(after(name))
    inner.add_url_rule("/inner", "view", lambda: "inner")
    outer.add_url_rule("/outer", "view", lambda: "outer")
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    app.add_url_rule("/", "view", lambda: "app")
    app.teardown_request(lambda _error: trace.append("teardown"))
    app.teardown_appcontext(lambda _error: trace.append("teardown of the application"))
    app.config["SERVER_NAME"] = "localhost"
    return app


@pytest.mark.parametrize("refusing", ["", "app 2", "inner 1"])
def test_hooks_are_called_when_flask_would_call_them(refusing: str) -> None:
    ours: list[str] = []
    theirs: list[str] = []
    our_app, their_app = traced(Application(__name__), ours, refusing), traced(Flask(__name__), theirs, refusing)
    for path in ("/", "/outer", "/inner", "/nowhere", "/", "/inner"):
        assert sent(their_app, "GET", path) == sent(our_app, "GET", path)
    assert theirs == ours
    assert {"after inner 2", "teardown", "teardown of the application"} <= set(theirs)


def test_a_request_within_another_is_answered_as_itself(database: Database) -> None:
    outer, inner = quiet_deps(database), quiet_deps(database)
    with quiet_app(outer).test_request_context("/outer"):
        with pytest.raises(LookupError), quiet_app(inner).test_request_context("/inner"):
            assert (inner, "/inner") == (current_deps(), current_request().path)
            raise LookupError
        assert (outer, "/outer") == (current_deps(), current_request().path)
    with pytest.raises(LookupError):
        current_request()
    with quiet_app(outer).app_context():
        assert outer is current_deps()
