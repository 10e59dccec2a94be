"""A live server on loopback in this process, and the sample pages of the application it serves."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from socket import create_server, socket

from flask import Flask, Response, request
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.browser.samples import SAMPLES, dressed


class QuietHandler(WSGIRequestHandler):
    """Requests are not worth a line each."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None: ...


def take_port() -> socket:
    """A bound port of 127.0.0.1, for an application that must know its address before it is made."""
    return create_server(("127.0.0.1", 0))


@contextlib.contextmanager
def serving(app: Flask, taken: socket | None = None) -> Iterator[int]:
    """The application on a port of 127.0.0.1 (the one taken before, if any); yields it."""
    taken = taken or take_port()
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler, fd=taken.fileno())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield taken.getsockname()[1]
    finally:
        taken.close()
        server.shutdown()
        thread.join()
        server.server_close()


def add_samples(app: Flask) -> None:
    """`/sample/<name>?theme=default` renders one."""

    @app.get("/sample/<name>")
    def sample(name: str) -> Response:
        return SAMPLES[name].render(dressed(request.args.get("theme", "default")))
