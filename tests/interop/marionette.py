"""Firefox's own remote protocol: length-prefixed JSON over TCP, one command at a time.

A client of our own, since the commands needed here are a dozen. The PyPI package marionette-driver brings mozrunner,
mozdevice, psutil, blessed and eight more with it (one of them only as a source archive), to start and inspect browsers
on telephones; all of that would have to be pinned and kept up to date by whoever runs `make test`.
"""

from __future__ import annotations

import json
import socket
from itertools import count
from typing import Any

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""W3C WebDriver, section 12: the key of a reference to an element."""
PATIENCE_SECONDS = 30.0


class FirefoxError(Exception):
    """What Firefox answers instead of a result; `kind` is WebDriver's error code."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


class Marionette:
    """One connection to one Firefox."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        self._stream = self._socket.makefile("rb")
        self._numbers = count(1)
        protocol = self._receive()["marionetteProtocol"]
        assert protocol == 3, protocol

    def command(self, name: str, **parameters: Any) -> Any:
        """The result of one command; a lone value without its envelope."""
        number = next(self._numbers)
        self._send([0, number, name, parameters])
        kind, answered, error, result = self._receive()
        assert (kind, answered) == (1, number), (kind, answered)
        if error:
            raise FirefoxError(error["error"], error["message"])
        return result["value"] if isinstance(result, dict) and set(result) == {"value"} else result

    def close(self) -> None:
        """Hang up."""
        self._stream.close()
        self._socket.close()

    def _send(self, message: list[Any]) -> None:
        body = json.dumps(message).encode()
        self._socket.sendall(b"%d:%b" % (len(body), body))

    def _receive(self) -> Any:
        length = b""
        while not length.endswith(b":"):
            read = self._stream.read(1)
            assert read, "Firefox hung up"
            length += read
        return json.loads(self._stream.read(int(length[:-1])))
