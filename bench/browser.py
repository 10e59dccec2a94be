"""The smallest browser that can sign in: one kept-alive connection, cookies, redirects, the first form of a page."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Answer:
    """One response, read to its end."""

    status: int
    location: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class FirstForm(HTMLParser):
    """Where the first form of a page goes, and the values it holds already."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.values: dict[str, str] = {}
        self.names: set[str] = set()
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None and attributes.get("method", "get").lower() == "post":
            self.action = attributes.get("action", "")
            self._inside = True
        elif self._inside and tag == "input" and attributes.get("name"):
            self.names.add(attributes["name"])
            if attributes.get("type", "text") not in ("submit", "checkbox"):
                self.values[attributes["name"]] = attributes.get("value", "")
        elif self._inside and tag == "button" and attributes.get("name"):
            self.names.add(attributes["name"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


@dataclass(slots=True)
class Browser:
    """One visitor of one server."""

    base: str
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    connection: http.client.HTTPConnection | None = None
    tls: ssl.SSLContext | None = None
    """What an https server's certificate is checked by; None for the machine's own authorities."""

    def request(
        self, method: str, target: str, *, headers: Mapping[str, str] | None = None, body: str | None = None
    ) -> Answer:
        """One exchange; reconnects once when the server closed an idle connection."""
        try:
            return self._exchange(method, target, headers, body)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self.close()
            return self._exchange(method, target, headers, body)

    def close(self) -> None:
        """Hang up."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def follow(self, target: str, *, until: str, fields: Mapping[str, str]) -> str:
        """The address starting with `until` that the server sends to, filling every form on the way."""
        answer = self.request("GET", target)
        for _ in range(12):
            if answer.location:
                address = urljoin(urljoin(self.base, target), answer.location)
                if address.startswith(until):
                    return address
                target = path_of(address)
                answer = self.request("GET", target)
                continue
            answer = self.submit(target, answer, fields)
        raise AssertionError(f"no way from {target} to {until}")

    def open(self, target: str) -> tuple[str, Answer]:
        """The page that `target` leads to, and where it is."""
        answer = self.request("GET", target)
        while answer.location:
            target = path_of(urljoin(urljoin(self.base, target), answer.location))
            answer = self.request("GET", target)
        return target, answer

    def submit(self, target: str, page: Answer, fields: Mapping[str, str]) -> Answer:
        """The answer to the first form of the page at `target`, filled with what it asks of `fields`."""
        form = FirstForm(page.body.decode())
        if form.action is None:
            raise AssertionError(f"{page.status} at {target}: {page.body[:300]!r}")
        action = path_of(urljoin(urljoin(self.base, target), form.action))
        values = form.values | {name: value for name, value in fields.items() if name in form.names}
        return self.request("POST", action, headers=FORM | {"Origin": self.base}, body=urlencode(values))

    def _connect(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.base)
        if parts.scheme == "https":
            return http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=30, context=self.tls)
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)

    def _exchange(self, method: str, target: str, headers: Mapping[str, str] | None, body: str | None) -> Answer:
        if self.connection is None:
            self.connection = self._connect()
        sent = {**self.headers, **(headers or {})}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.connection.request(method, target, body=body, headers=sent)
        response = self.connection.getresponse()
        content = response.read()
        for line in response.headers.get_all("Set-Cookie") or ():
            self._keep(line)
        return Answer(response.status, response.headers.get("Location", ""), content, response.headers)

    def _keep(self, line: str) -> None:
        pair, _, attributes = line.partition(";")
        name, _, value = pair.partition("=")
        if "max-age=0" in attributes.lower() or "1970" in attributes:
            self.cookies.pop(name.strip(), None)
        else:
            self.cookies[name.strip()] = value.strip()


def path_of(address: str) -> str:
    """The address without its origin."""
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")
