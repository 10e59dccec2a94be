"""A target on free ports with real nginx and a real gateway, for tests; and the suite's side of a back channel."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Condition, Event, Thread
from urllib.parse import parse_qs

from idp.cli.processes import Processes
from tests.conformance.certificates import new_authority
from tests.conformance.proxy import ROOT
from tests.conformance.target import SUITE_PORT, Target, prepare, start_gateway
from tests.ports import free_ports


def target_under(base: Path, suite_port: int = SUITE_PORT, suite_ca: str = "") -> Target:
    """A target below this folder, with the shipped clients moved to the suite's port."""
    clients = base / "tests" / "conformance" / "clients.yaml"
    clients.parent.mkdir(parents=True)
    shipped = (ROOT / "tests" / "conformance" / "clients.yaml").read_text()
    clients.write_text(shipped.replace(f"localhost:{SUITE_PORT}", f"localhost:{suite_port}"))
    return Target(base / "var" / "conformance", *free_ports(3), clients, suite_port, suite_ca)


@contextmanager
def running(target: Target, **settings: str) -> Iterator[Target]:
    """The gateway and nginx answer until the block ends."""
    configuration = prepare(target)
    processes = Processes(target.folder, {**target.environment(), **settings})
    try:
        start_gateway(processes, target, configuration, Event())
        yield target
    finally:
        processes.stop()


class SuiteServer(ThreadingHTTPServer):
    """The conformance suite's https server, as far as a gateway calls it: it keeps every logout token."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        certificate, key = new_authority(folder).issue(folder, "suite", hosts=("localhost",))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.ca = str(folder / "ca.pem")
        self.logout_tokens: list[str] = []
        self.documents: dict[str, bytes] = {}
        """What it publishes, by path: keys, sectors, logos."""
        self.asked: list[str] = []
        self.came = Condition()

    def wait_for_logout_tokens(self, count: int) -> list[str]:
        """The tokens, once there are so many."""
        with self.came:
            assert self.came.wait_for(lambda: len(self.logout_tokens) >= count, timeout=10)
            return list(self.logout_tokens)


class _Handler(BaseHTTPRequestHandler):
    server: SuiteServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with self.server.came:
            if self.path.endswith("/backchannel_logout"):
                self.server.logout_tokens += parse_qs(body)["logout_token"]
                self.server.came.notify_all()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = self.server.documents.get(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None: ...


@contextmanager
def suite_server(folder: Path) -> Iterator[SuiteServer]:
    """The suite answers until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    server = SuiteServer(folder)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
