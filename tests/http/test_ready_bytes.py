"""Answers given before Flask routes anything."""

from __future__ import annotations

import pytest
from flask import Flask

from idp.http.ready_bytes import ready_answer, serve_ready
from idp.store.database import Database
from tests.quiet import quiet_app, quiet_deps


@pytest.fixture
def app(database: Database) -> Flask:
    app = quiet_app(quiet_deps(database))
    answer = ready_answer(b'{"keys":[]}', "application/json", "max-age=300", secure=True, public=True)
    serve_ready(app, "/ready", lambda: answer)
    return app


def test_it_is_the_bytes_with_every_header_of_hygiene(app: Flask) -> None:
    answer = app.test_client().get("/ready")
    assert (200, b'{"keys":[]}', "11") == (answer.status_code, answer.data, answer.headers["Content-Length"])
    assert ("max-age=300", "*") == (answer.headers["Cache-Control"], answer.headers["Access-Control-Allow-Origin"])


def test_who_has_it_is_told_so(app: Flask) -> None:
    client = app.test_client()
    etag = client.get("/ready").headers["ETag"]
    again = client.get("/ready", headers={"If-None-Match": f'"other", {etag}'})
    assert (304, b"") == (again.status_code, again.data)
    assert 200 == client.get("/ready", headers={"If-None-Match": '"other"'}).status_code


def test_head_has_no_body(app: Flask) -> None:
    answer = app.test_client().head("/ready")
    assert (200, b"", "11") == (answer.status_code, answer.data, answer.headers["Content-Length"])


def test_another_method_goes_on_to_the_application(app: Flask) -> None:
    assert 404 == app.test_client().post("/ready").status_code


def test_it_is_looked_up_anew_each_time(app: Flask) -> None:
    answers = [ready_answer(body, "text/plain", "no-store", secure=True, public=False) for body in (b"1", b"2")]
    serve_ready(app, "/changing", lambda: answers.pop(0))
    client = app.test_client()
    assert [b"1", b"2"] == [client.get("/changing").data, client.get("/changing").data]


def test_our_files_are_kept_forever_under_their_digest(app: Flask) -> None:
    with app.test_request_context():
        url = app.jinja_env.globals["static_url"]("mire.css")
    answer = app.test_client().get(url)
    assert ("text/css; charset=utf-8", "public, max-age=31536000, immutable") == (
        answer.headers["Content-Type"],
        answer.headers["Cache-Control"],
    )
    assert 404 == app.test_client().get("/static/0000000000000000/mire.css").status_code
    assert 404 == app.test_client().get("/static/../../settings.py").status_code
