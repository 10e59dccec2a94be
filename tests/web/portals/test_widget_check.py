"""`/widget/check`: reads a partner's own page and nothing else, tells nothing of the inside, and not too often."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from idp.adapters.outbound import Outbound, OutboundAnswer, OutboundFailure, OutboundRefusal, QuietOutbound
from idp.adapters.randomness import QuietRandomness
from idp.domain.platform.limits import RULES, Limit
from idp.domain.portals.clients import Client, ClientRegistry
from idp.domain.portals.widget_findings import Found
from idp.domain.portals.widgets import widget_from
from idp.store.database import Database
from idp.usecases.deps import Deps
from idp.usecases.portals.widget_check import Unjudged
from idp.web.portals.widget_check_texts import SENTENCES, UNJUDGED
from tests.adapters.test_outbound import Inside, say, serving, to
from tests.adapters.test_outbound import certificate as certificate
from tests.pages import token_of
from tests.quiet import quiet_app, quiet_deps

PAGE = "https://portail.example.fr/connexion"
HTML = {"content-type": "text/html; charset=utf-8"}
WIDGET = {"origins": ("https://portail.example.fr", "https://silent.example.fr"), "enabled": True, "popup": False,
          "completion": "redirect", "fedcm": False, "acr_ceiling": "eidas1"}  # fmt: skip
CLIENTS = {
    "portail": Client("portail", "Portail d’essai", widget=widget_from(WIDGET)),
    "sans": Client("sans", "Sans widget"),
}


@pytest.fixture
def outbound() -> QuietOutbound:
    return QuietOutbound()


@pytest.fixture
def deps(database: Database, outbound: QuietOutbound) -> Deps:
    registry = ClientRegistry("d", CLIENTS)
    return quiet_deps(database, registry=lambda: registry, outbound=outbound)


@pytest.fixture
def browser(deps: Deps) -> FlaskClient:
    return quiet_app(deps).test_client()


def check(browser: FlaskClient, address: str, client_id: str = "portail", **environ: str) -> TestResponse:
    token = token_of(browser.get("/widget/check"), "/widget/check")
    form = {"form_token": token, "client_id": client_id, "address": address}
    return browser.post("/widget/check", data=form, environ_overrides=environ)


def test_the_form_is_filled_by_a_link_and_dressed_for_the_client(browser: FlaskClient) -> None:
    page = browser.get("/widget/check?client_id=portail")
    assert 'value="portail"' in page.text
    assert "Portail d’essai" in page.text
    assert "Sans JavaScript, le navigateur ne peut pas être examiné" in page.text


def test_a_page_is_fetched_once_and_judged(browser: FlaskClient, outbound: QuietOutbound) -> None:
    headers = {**HTML, "content-security-policy": "frame-src 'self'"}
    outbound.answers[PAGE] = OutboundAnswer(200, b"<p>Bonjour", headers)
    page = check(browser, PAGE)
    assert str(SENTENCES[Found.FRAME_REFUSED]) in page.text
    assert "frame-src https://connexion.example.fr" in page.text
    assert str(SENTENCES[Found.ELEMENT_MISSING]) in page.text
    assert outbound.calls == [("GET", PAGE, {})]


def test_it_speaks_english_too(browser: FlaskClient, outbound: QuietOutbound) -> None:
    outbound.answers[PAGE] = OutboundAnswer(200, b"", HTML)
    token = token_of(browser.get("/widget/check"), "/widget/check")
    form = {"form_token": token, "client_id": "portail", "address": PAGE}
    page = browser.post("/widget/check", data=form, headers={"Accept-Language": "en"})
    assert "The page does not load the widget’s script." in page.text


def test_the_published_loader_is_what_is_expected(browser: FlaskClient, outbound: QuietOutbound) -> None:
    """The tag that the page tells to write is in order; the control is the same tag with another digest."""
    outbound.answers[PAGE] = OutboundAnswer(200, b"", HTML)
    written = re.search(r"<code>(&lt;script.*?)</code>", check(browser, PAGE).text)
    assert written is not None
    tag = unescape(written[1])
    manifest: Any = browser.get("/w/manifest.json").json
    latest = manifest["latest"]
    assert f"/w/{latest}/mire-login.js" in tag
    assert manifest["versions"][latest]["mire-login.js"]["integrity"] in tag
    outbound.answers[PAGE] = OutboundAnswer(200, tag.encode(), HTML)
    assert str(SENTENCES[Found.SCRIPT_OK]) in check(browser, PAGE).text
    outbound.answers[PAGE] = OutboundAnswer(200, tag.replace("sha384-", "sha384-x").encode(), HTML)
    assert str(SENTENCES[Found.INTEGRITY_WRONG]) in check(browser, PAGE).text


@pytest.mark.parametrize(
    "address",
    ["https://evil.fr/", "http://127.0.0.1/", "https://portail.example.fr@127.0.0.1/", "http://portail.example.fr/",
     "https://portail.example.fr:8443/", "file:///etc/passwd", ""],
)  # fmt: skip
def test_an_address_elsewhere_is_said_and_not_fetched(
    browser: FlaskClient, outbound: QuietOutbound, address: str
) -> None:
    """The control: the page at the registered origin is fetched by the same form."""
    assert str(UNJUDGED[Unjudged.ELSEWHERE]) in check(browser, address).text
    assert outbound.calls == []
    check(browser, PAGE)
    assert outbound.calls == [("GET", PAGE, {})]


@pytest.mark.parametrize("client_id", ["sans", "unknown", "reg.abcdefghijklmnopqrstuv", ""])
def test_without_a_widget_nothing_is_fetched(browser: FlaskClient, outbound: QuietOutbound, client_id: str) -> None:
    assert str(UNJUDGED[Unjudged.NO_WIDGET]) in check(browser, PAGE, client_id).text
    assert outbound.calls == []


def test_another_sites_form_makes_nobody_fetch(browser: FlaskClient, outbound: QuietOutbound) -> None:
    """The control is the same form with our token, above."""
    browser.get("/widget/check")
    refused = browser.post("/widget/check", data={"client_id": "portail", "address": PAGE, "form_token": "x.y"})
    assert refused.status_code == 400
    assert outbound.calls == []


FAILURES = {
    **{str(reason): OutboundFailure(reason) for reason in OutboundRefusal},
    "redirect": OutboundAnswer(302, b"", {**HTML, "location": "http://169.254.169.254/"}),
    "refused": OutboundAnswer(403, b"<p>inside", HTML),
    "missing": OutboundAnswer(404, b"<p>inside", HTML),
    "json": OutboundAnswer(200, b"{}", {"content-type": "application/json"}),
    "untyped": OutboundAnswer(200, b"<p>", {}),
}


def test_every_failure_to_fetch_reads_the_same(database: Database) -> None:
    """No oracle: what is inside, absent, slow or large is one text, byte for byte."""
    pages = set()
    for answer in FAILURES.values():
        outbound = QuietOutbound()
        outbound.answers[PAGE] = answer
        registry = ClientRegistry("d", CLIENTS)
        deps = quiet_deps(database, registry=lambda r=registry: r, outbound=outbound, random=QuietRandomness())
        page = check(quiet_app(deps).test_client(), PAGE)
        assert outbound.calls == [("GET", PAGE, {})]
        pages.add((page.status_code, page.text))
    assert len(pages) == 1
    assert str(UNJUDGED[Unjudged.UNREAD]) in pages.pop()[1]


def test_nothing_of_the_page_is_shown(browser: FlaskClient, outbound: QuietOutbound) -> None:
    """The control: it was read, for its element is judged."""
    marked = '<mire-login issuer="ECHOED" client-id="ECHOED" start-url="https://ECHOED.fr/"><script src="ECHOED">'
    headers = {**HTML, "content-security-policy": "script-src ECHOED", "permissions-policy": "storage-access=(ECHOED)"}
    outbound.answers[PAGE] = OutboundAnswer(200, marked.encode(), headers)
    page = check(browser, PAGE).text
    assert str(SENTENCES[Found.ISSUER_WRONG]) in page
    assert "ECHOED" not in page


def test_what_was_typed_is_escaped(browser: FlaskClient) -> None:
    page = check(browser, '"><script>x', '"><b>').text
    assert "<script>x" not in page
    assert "<b>" not in page
    assert "&#34;&gt;&lt;script&gt;x" in page


INSIDE_PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<p>x"


@pytest.fixture
def inside(certificate: Path) -> Iterator[Inside]:
    with serving(say(INSIDE_PAGE), certificate) as service:
        yield service


class Reaching:
    """A gateway for which the partner's registered name leads to our inner network."""

    def __init__(self, database: Database, inside: Inside, certificate: Path, *, admitted: bool) -> None:
        self.origin = f"https://portal.test:{inside.port}"
        client = replace(CLIENTS["portail"], widget=widget_from({**WIDGET, "origins": (self.origin,)}))
        registry = ClientRegistry("d", {"portail": client})
        allow = [f"portal.test:{inside.port}"] if admitted else []
        outbound = Outbound(allow, str(certificate), resolver=to("127.0.0.1"))
        self.app = quiet_app(quiet_deps(database, registry=lambda: registry, outbound=outbound))

    def check(self) -> str:
        return check(self.app.test_client(), f"{self.origin}/connexion").text


def test_a_registered_name_that_leads_inside_is_not_reached(
    database: Database, inside: Inside, certificate: Path
) -> None:
    """SSRF by DNS. The control: what the operator admits (IDP_OUTBOUND_ALLOW) is reached by the same address."""
    assert str(UNJUDGED[Unjudged.UNREAD]) in Reaching(database, inside, certificate, admitted=False).check()
    assert inside.requests == []
    assert str(SENTENCES[Found.SCRIPT_MISSING]) in Reaching(database, inside, certificate, admitted=True).check()
    assert len(inside.requests) == 1


def test_a_partners_page_leads_nowhere_else(database: Database, inside: Inside, certificate: Path) -> None:
    """A redirect to an inner address is an answer, not a way. The control: the page itself was asked."""
    gateway = Reaching(database, inside, certificate, admitted=True)
    redirect = f"HTTP/1.1 302 Found\r\nLocation: {gateway.origin}/metadata\r\nContent-Length: 0\r\n\r\n"
    inside.script = say(redirect.encode())
    assert str(UNJUDGED[Unjudged.UNREAD]) in gateway.check()
    assert [request.split(b" ")[1] for request in inside.requests] == [b"/connexion"]


def test_a_page_is_asked_for_as_a_stranger_asks(database: Database, inside: Inside, certificate: Path) -> None:
    Reaching(database, inside, certificate, admitted=True).check()
    assert b"Accept: text/html" in inside.requests[0]
    assert b"Cookie" not in inside.requests[0]
    assert b"Authorization" not in inside.requests[0]


def test_every_policy_of_a_page_counts(database: Database, inside: Inside, certificate: Path) -> None:
    """Two headers of one name are two policies (CSP3 section 4.1); the control is the first alone."""
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n"
    narrow, wide = "Content-Security-Policy: frame-src 'none'\r\n", "Content-Security-Policy: frame-src https:\r\n"
    gateway = Reaching(database, inside, certificate, admitted=True)
    for policies, refused in ((narrow + wide, True), (wide + narrow, True), (wide, False)):
        inside.script = say(f"{head}{policies}\r\n".encode())
        assert (str(SENTENCES[Found.FRAME_REFUSED]) in gateway.check()) is refused


def test_a_network_may_only_make_us_fetch_so_often(browser: FlaskClient, outbound: QuietOutbound) -> None:
    """The control: another network still may; and what fetches nothing is not counted."""
    free = RULES[Limit.WIDGET_CHECKS].free
    statuses = [check(browser, PAGE, REMOTE_ADDR="203.0.113.7").status_code for _ in range(free + 1)]
    assert statuses == [200] * free + [429]
    assert len(outbound.calls) == free
    assert check(browser, "https://evil.fr/", REMOTE_ADDR="203.0.113.7").status_code == 200
    assert check(browser, PAGE, REMOTE_ADDR="198.51.100.7").status_code == 200


class SlowOutbound(QuietOutbound):
    """A partner whose server does not answer until it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.released = Event(), Event()

    def get_page(self, url: str) -> Any:
        self.asked.set()
        self.released.wait(10)
        return super().get_page(url)


def test_one_slow_partner_holds_one_thread(database: Database) -> None:
    """The control: once it has answered, the next is fetched."""
    slow = SlowOutbound()
    registry = ClientRegistry("d", CLIENTS)
    app = quiet_app(quiet_deps(database, registry=lambda: registry, outbound=slow))
    first = Thread(target=lambda: check(app.test_client(), PAGE))
    first.start()
    assert slow.asked.wait(10)
    refused = check(app.test_client(), PAGE)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "5")
    slow.released.set()
    first.join(10)
    assert check(app.test_client(), PAGE).status_code == 200
    assert len(slow.calls) == 2


def test_every_finding_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Found)
    assert set(UNJUDGED) == set(Unjudged)
