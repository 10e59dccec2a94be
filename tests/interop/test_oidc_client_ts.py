"""The npm package oidc-client-ts: a single-page application in Chromium, without a server of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.interop.gateway import gateway_with
from tests.interop.visitor import TRIPLET
from tests.processes import ROOT

PAGE = Path(__file__).with_name("single_page_application.html").read_bytes()
LIBRARY = ROOT / "var/interop/node_modules/oidc-client-ts/dist/browser/oidc-client-ts.js"
HOST = "spa.localhost"
REGISTRY = """clients:
  - client_id: spa
    client_name: Application d’une page
    token_endpoint_auth_method: none
    redirect_uris: [{origin}/callback, {origin}/popup]
    grant_types: [authorization_code, refresh_token]
    scope: openid profile organization
    web_origins: [{origin}]
"""


class Handler(BaseHTTPRequestHandler):
    """The page at every address, and the library."""

    def do_GET(self) -> None:
        is_library = self.path == "/oidc-client-ts.js"
        body = LIBRARY.read_bytes() if is_library else PAGE
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if is_library else "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture(scope="module")
def application() -> Iterator[str]:
    """Where the application is: a site of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://{HOST}:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def gateway(application: str, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("gateway")
    with gateway_with(REGISTRY.format(origin=application), migrated_sqlite, folder) as issuer:
        yield issuer


@pytest.fixture
def page(chromium: Browser, gateway: str, application: str) -> Iterator[Page]:
    context = chromium.new_context(locale="fr-FR")
    context.add_cookies([{"name": "issuer", "value": gateway, "url": application}])
    page = context.new_page()
    page.goto(application)
    yield page
    context.close()


def sign_in(page: Page) -> None:
    for name, value in TRIPLET.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=password]").press("Enter")


def test_it_signs_in_by_redirect(page: Page, application: str) -> None:
    page.locator("#redirect").click()
    sign_in(page)
    expect(page).to_have_url(re.compile(rf"^{application}/callback"))
    expect(page.locator("#who")).to_have_text("redirect Claire MOUTIN 99900037500017")


def test_it_signs_in_in_a_popup(page: Page) -> None:
    with page.expect_popup() as opened:
        page.locator("#popup").click()
    sign_in(opened.value)
    expect(page.locator("#who")).to_have_text("popup Claire MOUTIN 99900037500017")


def test_it_renews_with_its_refresh_token(page: Page) -> None:
    page.locator("#redirect").click()
    sign_in(page)
    expect(page.locator("#who")).to_contain_text("redirect")
    page.locator("#renew").click()
    expect(page.locator("#who")).to_have_text("renew Claire MOUTIN 99900037500017")
