"""The operations process: one small threaded server for IDP_OPS_LISTEN, started and ended by `idp run`."""

from __future__ import annotations

import os
import signal
import socket
import sys
from socketserver import ThreadingMixIn
from types import FrameType
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from idp.cli.addresses import ListenAddress
from idp.settings import Settings
from idp.wiring import create_operations_app


class QuietHandler(WSGIRequestHandler):
    """Answers without an access log, and gives up on a peer that says nothing."""

    timeout = 10

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a scraper comes every few seconds."""

    def address_string(self) -> str:
        return "operations"


class OperationsServer(ThreadingMixIn, WSGIServer):
    """Ends by itself when its parent is gone."""

    daemon_threads = True
    parent = 0

    def service_actions(self) -> None:
        if os.getppid() != self.parent:
            sys.exit(0)


class UnixOperationsServer(OperationsServer):
    """The same, on a Unix socket."""

    address_family = socket.AF_UNIX

    def server_bind(self) -> None:
        self.socket.bind(str(self.server_address[0]))
        self.server_name, self.server_port = "localhost", 0
        self.setup_environ()

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        return self.socket.accept()[0], ("operations", 0)


def serve_operations(settings: Settings, address: ListenAddress, parent: int) -> None:
    """Serve until SIGTERM, or until the parent is gone; Ctrl-C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    where, kind = address.host, OperationsServer
    if address.path is not None:
        where, kind = str(address.path), UnixOperationsServer
    with make_server(where, address.port, create_operations_app(settings), kind, QuietHandler) as server:
        server.parent = parent
        server.serve_forever(poll_interval=0.5)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)
