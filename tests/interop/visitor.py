"""A person with one browser without script, at any number of sites."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from html import unescape
from urllib.parse import urljoin, urlsplit

from bench.browser import Answer, Browser

TRIPLET = {"siret": "999 000 375 00017", "family_name": "Moutin", "given_name": "Claire", "password": "Mire2026demo"}


class Visitor:
    """A cookie jar for each site."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.sites: dict[str, Browser] = {}
        self._tls = tls

    def go(self, address: str, *, stop_at: str = "", fill: bool = True) -> tuple[str, str]:
        """Where `address` leads to, filling the sign-in form if it is shown and wanted; the last address and page.

        It does not open an address that begins with `stop_at`: whoever listens there is somebody else's test.
        """
        for _ in range(16):
            if stop_at and address.startswith(stop_at):
                return address, ""
            browser, target = self._at(address)
            answer = browser.request("GET", target)
            if fill and not answer.location and 'name="password"' in answer.body.decode():
                answer = browser.submit(target, answer, TRIPLET)
            if not answer.location:
                return address, unescape(answer.body.decode())
            address = urljoin(address, answer.location)
        raise AssertionError(f"no end of redirects at {address}")

    def headers(self, address: str) -> Mapping[str, str]:
        """Of the answer at this address itself."""
        browser, target = self._at(address)
        return browser.request("GET", target).headers

    def submit(self, address: str) -> Answer:
        """The answer to the first form of the page at this address, as it is."""
        browser, target = self._at(address)
        return browser.submit(target, browser.request("GET", target), {})

    def _at(self, address: str) -> tuple[Browser, str]:
        parts = urlsplit(address)
        site = f"{parts.scheme}://{parts.netloc}"
        browser = self.sites.setdefault(site, Browser(site, {"Accept": "text/html"}, tls=self._tls))
        return browser, parts.path + (f"?{parts.query}" if parts.query else "")

    def close(self) -> None:
        """Hang up everywhere."""
        for browser in self.sites.values():
            browser.close()
