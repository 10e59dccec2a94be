"""Where a process listens: `host:port`, or `unix:PATH`."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from idp.settings import SettingsError


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """One of host and port, or a Unix socket's path."""

    host: str = ""
    port: int = 0
    path: Path | None = None

    @classmethod
    def parse(cls, raw: str, setting: str) -> ListenAddress:
        """Read IDP_LISTEN or IDP_OPS_LISTEN.

        Raises:
            SettingsError: it is neither form.
        """
        if raw.startswith("unix:/"):
            return cls(path=Path(raw.removeprefix("unix:")))
        host, colon, port = raw.rpartition(":")
        if not (colon and host and port.isdigit() and 0 < int(port) < 65536):
            raise SettingsError(f"{setting} must be host:port or unix:/absolute/path, and is {raw!r}.")
        return cls(host.strip("[]"), int(port))

    def __str__(self) -> str:
        if self.path is not None:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def claim(address: ListenAddress, setting: str, run_directory: Path) -> int:
    """Make sure that nobody else listens there; the returned descriptor keeps the claim for this process's life.

    Granian sets SO_REUSEPORT, so a second instance would silently share the port and take half of the requests.

    Raises:
        SettingsError: the address is taken, or is not ours to take.
    """
    name = sha256(str(address).encode()).hexdigest()[:16]
    descriptor = os.open(run_directory / f"listen-{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _try_unix(address.path) if address.path is not None else _try_tcp(address)
    except OSError as error:
        os.close(descriptor)
        taken = error.errno in (errno.EADDRINUSE, errno.EWOULDBLOCK)
        reason = "another program listens there already" if taken else os.strerror(error.errno or 0)
        raise SettingsError(f"{setting}={address} cannot be used: {reason}.") from None
    return descriptor


def _try_tcp(address: ListenAddress) -> None:
    family, kind, _, _, where = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # not REUSEPORT: a listener must be in the way
        trial.bind(where)


def _try_unix(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as trial:
        try:
            trial.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()  # left behind by a killed process
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
        else:
            raise OSError(errno.EADDRINUSE, "taken")
