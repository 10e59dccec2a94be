"""`python -m demo prepare|serve`: called by `idp demo`, in this order, with the gateway between the two."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from demo.partners import prepare
from demo.portal import create_portal
from demo.portals import PORTALS, Place
from demo.themes import write_themes


class QuietHandler(WSGIRequestHandler):
    """Requests are not worth a line each."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None: ...


def main() -> None:
    """Prepare the folder, or serve the three portals until a signal comes."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("command", choices=["prepare", "serve"])
    parser.add_argument("--issuer", required=True)
    parser.add_argument("--port", type=int, required=True, help="the gateway's; the portals have the three after it")
    parser.add_argument("--folder", type=Path, required=True)
    asked = parser.parse_args()
    place = Place(asked.issuer, asked.port, asked.folder.absolute())
    if asked.command == "prepare":
        print(prepare(place))
        print(write_themes(place))
    else:
        serve(place)


def serve(place: Place) -> None:
    """Three small servers in one process, on loopback only."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    servers = [listen(place.base_port + portal.offset, place, index) for index, portal in enumerate(PORTALS)]
    threads = [threading.Thread(target=server.serve_forever) for server in servers]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    stopping.wait()
    for server in servers:
        server.shutdown()


def listen(port: int, place: Place, index: int) -> BaseWSGIServer:
    """A server for one portal."""
    app = create_portal(PORTALS[index], place)
    return make_server("127.0.0.1", port, app, threaded=True, request_handler=QuietHandler)


if __name__ == "__main__":
    main()
