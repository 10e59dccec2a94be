"""How the outbound client reaches a host: one look-up, every address checked, one deadline."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import httpcore

from idp.domain.platform.outbound_rules import AllowedDestinations

Resolver = Callable[[str, int], list[str]]


def system_resolver(host: str, port: int) -> list[str]:
    """The addresses of `host`, in the order to try them. Every name under `localhost` is this machine (RFC 6761 section
    6.3), whether the system knows that or not; being known does not make it allowed."""
    if host == "localhost" or host.endswith(".localhost"):
        return ["127.0.0.1"]
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(item[4][0]) for item in found))


class GuardedNetwork(httpcore.NetworkBackend):
    """Connects for one call. `refused` says that the destination was forbidden rather than absent."""

    def __init__(
        self, allowed: AllowedDestinations, resolver: Resolver, deadline: float, *, must_be_listed: bool
    ) -> None:
        self._allowed = allowed
        self._resolver = resolver
        self._deadline = deadline
        self._must_be_listed = must_be_listed
        self._plain = httpcore.SyncBackend()
        self.refused = False

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to an address of `host` that we may call.

        One forbidden address condemns the name: whoever mixes a private address in is attacking or broken.
        """
        addresses = self._resolve(host, port)
        if not all(self._allowed.admits(host, port, item, must_be_listed=self._must_be_listed) for item in addresses):
            self.refused = True
            raise httpcore.ConnectError("forbidden destination")
        last: Exception = httpcore.ConnectError("no address")
        for address in addresses:
            try:
                return DeadlineStream(self._plain.connect_tcp(address, port, _left(self._deadline)), self._deadline)
            except httpcore.ConnectError as error:
                last = error
        raise last

    def _resolve(self, host: str, port: int) -> list[str]:
        """The look-up in a thread of its own: the system's has no deadline, and a partner's name server may stall."""
        answers: SimpleQueue[list[str] | OSError] = SimpleQueue()
        Thread(target=lambda: answers.put(_attempt(self._resolver, host, port)), daemon=True).start()
        try:
            found = answers.get(timeout=_left(self._deadline))
        except Empty:
            raise httpcore.ConnectTimeout from None
        if isinstance(found, OSError):
            raise httpcore.ConnectError(str(found))
        return found


def _attempt(resolver: Resolver, host: str, port: int) -> list[str] | OSError:
    try:
        return resolver(host, port)
    except OSError as error:
        return error
    except UnicodeError as error:  # a label over 63 characters fails in the idna codec
        return OSError(str(error))


class DeadlineStream(httpcore.NetworkStream):
    """A stream whose every operation ends by one deadline: a byte a second may not hold us for an hour."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return DeadlineStream(
            self._inner.start_tls(ssl_context, server_hostname, _left(self._deadline)), self._deadline
        )

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left
