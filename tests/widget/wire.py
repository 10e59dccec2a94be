"""What went over the wire to the gateway and back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Exchange:
    """One request and what the answer's head said."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    """Of the request, names in lower case."""
    status: int
    answer: list[tuple[str, str]]
    """Headers of the answer, names in lower case."""

    @property
    def cookies_set(self) -> list[str]:
        return [value for name, value in self.answer if name == "set-cookie"]

    def said(self, name: str) -> str:
        """A header of the answer; "" when it is not there."""
        return next((value for found, value in self.answer if found == name), "")


@dataclass
class Wire:
    """Listens between the server and an application."""

    app: Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
    exchanges: list[Exchange] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        heard = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name[:5] == "HTTP_"}
        heard["content-type"] = environ.get("CONTENT_TYPE", "")

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            told = [(name.lower(), value) for name, value in headers]
            line = (environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"])
            with self.changed:
                self.exchanges.append(Exchange(*line, heard, int(status[:3]), told))
                self.changed.notify_all()
            return start_response(status, headers, *rest)

        return self.app(environ, start)

    def of(self, path: str) -> list[Exchange]:
        """Those of one path."""
        return [one for one in self.exchanges if one.path == path]

    def wait_for(self, path: str, many: int = 1) -> list[Exchange]:
        """Those of one path, once there are so many."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.of(path)) >= many, 10), f"{path} was not asked"
        return self.of(path)
