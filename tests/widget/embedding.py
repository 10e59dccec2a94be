"""The portals of docs/how-to/embed-the-widget.md, run exactly as they are written there, and a person at their page."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from idp.domain.portals.partner_pages import read_page
from idp.domain.portals.widget_check import judge_page
from idp.domain.portals.widget_findings import Expected, Found, Mark
from idp.web.portals.widget_loader import loader_addresses
from tests.interop.gateway import gateway_with
from tests.interop.visitor import TRIPLET
from tests.ports import free_port
from tests.processes import ROOT, fetch_when_up

HOW_TO = (ROOT / "docs" / "how-to" / "embed-the-widget.md").read_text()
NODE_MODULES = ROOT / "var" / "interop" / "node_modules"
SECRET = secrets.token_urlsafe(32)
GREETING = "Bonjour Claire MOUTIN, SIRET 99900037500017."


def written(language: str) -> list[str]:
    """The blocks of that language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", HOW_TO, re.S)


def changed(code: str, diff: str) -> str:
    """The code with each of the diff's hunks, which an empty line parts."""
    for hunk in diff.strip("\n").split("\n\n"):
        lines = hunk.split("\n")
        before, after = ("\n".join(line[1:] for line in lines if line[0] == sign) for sign in "-+")
        assert code.count(before) == 1, before
        code = code.replace(before, after)
    return code


@dataclass(frozen=True)
class Portal:
    """One of them: its file, what runs that, and where it is served."""

    language: str
    code: str
    file: str
    command: tuple[str, ...]
    port: int = field(default_factory=free_port)

    @property
    def here(self) -> str:
        """Of another site than the gateway."""
        return f"http://portail.localhost:{self.port}"


def python_portal(code: str = "") -> Portal:
    return Portal("python", code or written("python")[0], "portail.py", (sys.executable, "portail.py"))


def node_portal() -> Portal:
    return Portal("js", written("js")[0], "portail.mjs", ("node", "portail.mjs"))


def php_portal() -> Portal:
    return Portal("php", written("php")[0], "portail.php", ("php", "-S", "127.0.0.1:{port}", "portail.php"))


def registry(portal: Portal, widget: str = "") -> str:
    """The page's own clients.yaml, at the portal's port; `widget` in place of what it says there of the widget."""
    whole, message = written("yaml")
    text = whole if not widget else whole[: whole.index("    widget:")] + message
    return text.replace(":5000", f":{portal.port}")


@contextlib.contextmanager
def portal_running(portal: Portal, clients: str, migrated: Path, folder: Path) -> Iterator[str]:
    """The portal and a gateway that knows it; yields the issuer."""
    with gateway_with(clients, migrated, folder, MON_PORTAIL_SECRET=SECRET) as issuer:
        here = folder / "portal"
        here.mkdir()
        (here / portal.file).write_text(portal.code)
        if portal.language == "js":
            (here / "node_modules").symlink_to(NODE_MODULES)
        environment = {
            "ISSUER": issuer, "CLIENT_ID": "mon-portail", "CLIENT_SECRET": SECRET, "HERE": portal.here,
            "PORT": str(portal.port), "PATH": os.environ["PATH"],
        }  # fmt: skip
        command = [part.format(port=portal.port) for part in portal.command]
        with (folder / "portal.log").open("w") as log:
            process = subprocess.Popen(command, cwd=here, env=environment, stdout=log, stderr=log)
        try:
            fetch_when_up(f"http://127.0.0.1:{portal.port}/")
            yield issuer
        finally:
            process.terminate()
            process.wait(timeout=10)


def fill_frame(page: Page, portal: Portal) -> None:
    """Type into the framed form, and send it."""
    page.goto(f"{portal.here}/")
    frame = page.frame_locator("mire-login iframe")
    for name, value in TRIPLET.items():
        frame.locator(f"#{name}").fill(value)
    frame.locator("#submit").click()


def signs_in_by_frame(page: Page, portal: Portal, issuer: str) -> None:
    """The whole way: the form in the page, our one page at the top level, and back."""
    fill_frame(page, portal)
    page.wait_for_url(f"{issuer}/widget/continue?**")
    page.locator("button[name=keep][value=yes]").click()
    expect(page.get_by_text(GREETING)).to_be_visible()
    assert page.url == f"{portal.here}/"


def begin_by_link(page: Page, portal: Portal, issuer: str) -> None:
    """What the link inside the element leads to: the gateway's own page."""
    page.goto(f"{portal.here}/login")
    page.wait_for_url(f"{issuer}/**")
    for name, value in TRIPLET.items():
        page.locator(f"#{name}").fill(value)
    page.locator("form#sign-in button[type=submit]").click()


def signs_in_by_link(page: Page, portal: Portal, issuer: str) -> None:
    """Without JavaScript the link is there, and is enough."""
    page.goto(f"{portal.here}/")
    link = page.get_by_role("link", name="Se connecter")
    expect(link).to_be_visible()
    assert link.get_attribute("href") == "/login"
    begin_by_link(page, portal, issuer)
    expect(page.get_by_text(GREETING)).to_be_visible()


def status_of(portal: Portal, method: str, path: str, headers: Mapping[str, str]) -> int:
    """What the portal answers to somebody who is no browser."""
    address = f"http://127.0.0.1:{portal.port}{path}"
    asked = urllib.request.Request(address, method=method, headers={"Host": portal.here[7:], **headers})
    try:
        with urllib.request.urlopen(asked) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def begins_only_from_its_own_page(portal: Portal) -> bool:
    """Another site's page gets nothing pushed; its own, the control, does."""
    other = status_of(portal, "POST", "/sso/start", {"Origin": "http://evil.localhost"})
    own = status_of(portal, "POST", "/sso/start", {"Origin": portal.here})
    return other >= 400 and own == 200


def stolen_answers(issuer: str) -> list[str]:
    """Answers that nobody asked for, or that name no issuer or another."""
    return [
        f"/callback?code=stolen&state=x&iss={issuer}",
        "/callback?code=stolen",
        "/callback?code=stolen&state=&iss=https://other.example.fr",
        "/callback",
    ]


def takes_no_stolen_answer(page: Page, portal: Portal, issuer: str) -> None:
    """Whatever comes to the callback signs nobody in; the control is every sign-in above."""
    page.goto(f"{portal.here}/")
    for path in stolen_answers(issuer):
        answer = page.goto(portal.here + path)
        assert answer is not None
        assert answer.status == 400
    page.goto(f"{portal.here}/")
    assert GREETING not in page.content()


def takes_no_answer_of_another_issuer(page: Page, portal: Portal, issuer: str) -> None:
    """Mix-up (RFC 9207 section 2.4): everything of the answer is right but its issuer. The control: without the change
    on its way, the same link signs in."""
    changing = page.context.new_cdp_session(page)

    def change(paused: dict[str, Any]) -> None:
        url = re.sub(r"iss=[^&]*", "iss=https%3A%2F%2Fother.example.fr", paused["request"]["url"])
        changing.send("Fetch.continueRequest", {"requestId": paused["requestId"], "url": url})

    changing.on("Fetch.requestPaused", change)
    changing.send("Fetch.enable", {"patterns": [{"urlPattern": f"{portal.here}/callback*"}]})
    with page.expect_response(lambda answer: "/callback" in answer.url) as refused:
        begin_by_link(page, portal, issuer)
    assert refused.value.status == 400
    changing.send("Fetch.disable")
    page.goto(f"{portal.here}/")
    assert GREETING not in page.content()
    page.goto(f"{portal.here}/login")
    expect(page.get_by_text(GREETING)).to_be_visible()


def findings_of(portal: Portal, issuer: str) -> list[Found]:
    """What the gateway's own check has to say against the portal's page, whose machine it cannot reach."""
    address = f"http://127.0.0.1:{portal.port}/"
    with urllib.request.urlopen(address) as answer:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        page = read_page(f"{portal.here}/", headers, answer.read())
    findings = judge_page(page, Expected(issuer, "mon-portail", loader_addresses()))
    return [finding.found for finding in findings if finding.mark is not Mark.OK]
