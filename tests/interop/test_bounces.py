"""Bounce tracking protection as these tests enforce it: one click on a site is what saves its cookies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask, Response, request

from tests.browser.serving import serving
from tests.interop.bounces import ENFORCED, purge, wait_until_judged
from tests.interop.conftest import NewFirefox

START, BETWEEN = "portail.localhost", "localhost"


def site() -> Flask:
    """A page that leads through another site back to itself, with or without a page to click on there."""
    app = Flask("bounces")

    def at(host: str, path: str) -> str:
        return f"http://{host}:{request.host.split(':')[1]}{path}"

    @app.get("/<path:first>")
    def start(first: str) -> str:
        return f"<!doctype html><p>portal</p><a href='{at(BETWEEN, '/through/' + first)}'>go</a>"

    @app.get("/through/page")
    def stop() -> str:
        return "<!doctype html><a href='/through/silently'>on</a>"

    @app.get("/through/silently")
    def through() -> Response:
        answer = Response(status=303, headers={"Location": at(START, "/back")})
        answer.set_cookie("sid", "1", max_age=3600)
        return answer

    return app


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(site()) as taken:
        yield taken


@pytest.mark.parametrize(("way", "purged", "left"), [("silently", [BETWEEN], []), ("page", [], ["sid"])])
def test_a_click_between_saves_what_a_passage_stored(
    new_firefox: NewFirefox, port: int, way: str, purged: list[str], left: list[str]
) -> None:
    person = new_firefox(**ENFORCED)
    person.open(f"http://{START}:{port}/{way}")
    person.click("a")
    if way == "page":
        person.arrive(f"http://{BETWEEN}:{port}/through/page")
        person.click("a")
    person.arrive(f"http://{START}:{port}/back")
    assert [cookie["name"] for cookie in person.cookies(BETWEEN)] == ["sid"]
    wait_until_judged(person, BETWEEN)
    assert purge(person) == purged
    assert [cookie["name"] for cookie in person.cookies(BETWEEN)] == left
