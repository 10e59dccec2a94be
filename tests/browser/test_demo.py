"""The started demo in a real browser: one sign-in for three portals, one sign-out of all."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from time import monotonic

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from idp.cli.demo_people import DEMO_PASSWORD
from idp.cli.demo_place import PORTAL_HOSTS, DemoPlace, demo_environment
from tests.browser.accessibility import axe
from tests.ports import free_ports, is_free

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120
NewPage = Callable[..., Page]
WHAT_CAME_OF_IT = """() => new Promise(said => {
    const widget = document.querySelector('mire-login');
    const look = () => ['ready', 'error'].includes(widget.state) && said(widget.state);
    for (const name of ['ready', 'blocked']) widget.addEventListener('mire-login:' + name, look);
    look();
})"""
"""The state of the widget once it stays."""


@dataclass(frozen=True)
class Demo:
    """A running `idp demo`."""

    process: subprocess.Popen[str]
    folder: Path
    port: int
    said: str

    def portal(self, number: int, path: str = "/") -> str:
        return f"http://{PORTAL_HOSTS[number - 1]}.localhost:{self.port + number}{path}"

    @property
    def gateway(self) -> str:
        return f"http://localhost:{self.port}"


def start_demo(folder: Path, port: int) -> Demo:
    """`idp demo` as `make demo` starts it; returns once it has printed its table."""
    process = subprocess.Popen(
        [sys.executable, "-m", "idp", "demo", "--folder", str(folder)],
        cwd=ROOT,
        env={**os.environ, "IDP_DEMO_PORT": str(port), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    watchdog = Timer(START_SECONDS, process.kill)
    watchdog.start()
    said = ""
    assert process.stdout
    for line in process.stdout:
        said += line
        if "Ctrl-C stops the demo" in line:
            break
    watchdog.cancel()
    if "Ctrl-C stops the demo" not in said:
        process.communicate()
        raise AssertionError(said)
    return Demo(process, folder, port, said)


def stop_demo(demo: Demo) -> str:
    """Ctrl-C; what it said then."""
    demo.process.send_signal(signal.SIGINT)
    last, _ = demo.process.communicate(timeout=60)
    return last


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = start_demo(tmp_path_factory.mktemp("d") / "demo", free_ports(4)[0])
    yield running
    stop_demo(running)


def sign_in(
    page: Page | FrameLocator, siret: str, family_name: str, given_name: str, password: str = DEMO_PASSWORD
) -> None:
    page.locator("[name=siret]").fill(siret)
    page.locator("[name=family_name]").fill(family_name)
    page.locator("[name=given_name]").fill(given_name)
    page.locator("[name=password]").fill(password)
    page.locator("[name=password]").press("Enter")


def claim(page: Page, name: str) -> str:
    return page.locator(f"#claims [data-claim={name}]").inner_text()


def test_one_sign_in_for_three_portals_and_one_sign_out_of_all(demo: Demo, new_page: NewPage) -> None:
    page = new_page()
    page.goto(demo.portal(1))
    page.get_by_role("link", name="Se connecter").first.click()
    expect(page).to_have_url(re.compile(rf"^{demo.gateway}/sign-in\?t="))
    sign_in(page, "999 000 375 00017", "moutin", "claire")

    expect(page).to_have_url(demo.portal(1, "/me"))
    subject = claim(page, "sub")
    assert claim(page, "siret") == "999 000 375 00017"
    for number in (2, 3):
        page.goto(demo.portal(number, "/login"))
        expect(page).to_have_url(demo.portal(number, "/me"))
        assert claim(page, "sub") == subject

    page.goto(demo.portal(1, "/me"))
    page.get_by_role("link", name="Se déconnecter partout").click()
    expect(page).to_have_url(re.compile(rf"^{demo.portal(1, '/signed-out')}\?state="))
    for number in (1, 2, 3):
        page.goto(demo.portal(number, "/me"))
        expect(page.locator("[name=password]")).to_be_visible()


def test_the_widget_at_the_desk_signs_in_for_the_training_account_too(demo: Demo, new_page: NewPage) -> None:
    """Issue 4, part 6: one form inside the desk's page, one button that redirects, one session behind both."""
    page = new_page(viewport={"width": 1280, "height": 1300})  # the form is sent once all of it has been in view
    page.goto(demo.portal(3))
    sign_in_by_widget(page, "999 000 375 00017", "moutin", "claire")
    page.get_by_role("button", name="Continuer vers Guichet Paie").click()
    expect(page).to_have_url(demo.portal(3, "/me"))
    told = who_and_when(page)
    expect(page.locator("#id-token [data-claim=channel]")).to_have_text("frame")

    page.goto(demo.portal(1))
    page.get_by_role("link", name="Se connecter avec Mire").click()
    expect(page).to_have_url(demo.portal(1, "/me"))
    assert who_and_when(page) == told

    page.get_by_role("link", name="Se déconnecter partout").click()
    expect(page).to_have_url(re.compile(rf"^{demo.portal(1, '/signed-out')}\?state="))
    for number in (1, 3):
        page.goto(demo.portal(number, "/me"))
        expect(page.locator("[name=password]")).to_be_visible()


def sign_in_by_widget(page: Page, siret: str, family_name: str, given_name: str) -> None:
    """As people do: once the form may be sent, and with another click where the gateway took long over the first."""
    frame = page.frame_locator("mire-login iframe")
    expect(frame.locator("#submit")).to_be_enabled(timeout=15_000)
    sign_in(frame, siret, family_name, given_name)
    page.add_locator_handler(frame.locator("#continue"), lambda button: button.click())
    expect(page.get_by_role("heading", name="Confirmez votre connexion")).to_be_visible(timeout=15_000)


def who_and_when(page: Page) -> tuple[str, str]:
    """The person, and the moment of the password."""
    return claim(page, "sub"), page.locator("#id-token [data-claim=auth_time]").inner_text()


def test_a_known_person_signs_in_at_the_desk_without_a_password(demo: Demo, new_page: NewPage) -> None:
    """The way from the frame to the session that the training account's redirect made."""
    page = new_page()
    page.goto(demo.portal(1, "/login"))
    sign_in(page, "97050551700072", "Sawyer", "Tom")
    expect(page).to_have_url(demo.portal(1, "/me"))
    subject = claim(page, "sub")
    page.goto(demo.portal(3))
    page.frame_locator("mire-login iframe").get_by_role("link", name="Continuer avec ma session").click()
    expect(page).to_have_url(demo.portal(3, "/me"))
    assert claim(page, "sub") == subject


def test_without_script_the_desk_has_its_link(demo: Demo, new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False, watched=False)
    page.goto(demo.portal(3))
    page.get_by_role("link", name="Ouvrir le guichet").click()
    sign_in(page, "97050551700072", "Sawyer", "Tom")
    expect(page).to_have_url(demo.portal(3, "/me"))


def test_a_widget_switched_off_leaves_the_link(demo: Demo, new_page: NewPage) -> None:
    """`enabled: false`, without a restart: the frame is refused, and the loader shows what is inside the element."""
    registry = demo.folder / "clients.yaml"
    shipped = registry.read_text()
    page = new_page(watched=False)  # the browser says that the frame was refused
    try:
        registry.write_text(shipped.replace("  widget:\n", "  widget:\n    enabled: false\n"))
        link = page.get_by_role("link", name="Ouvrir le guichet")
        wait_for_the_frame(demo, page, shown=False)
        expect(link).to_be_visible()
        link.click()
        sign_in(page, "97050551700072", "Sawyer", "Tom")
        expect(page).to_have_url(demo.portal(3, "/me"))
    finally:
        registry.write_text(shipped)
    page.goto(demo.portal(3, "/logout"))
    wait_for_the_frame(demo, page, shown=True)


def wait_for_the_frame(demo: Demo, page: Page, *, shown: bool) -> None:
    """Look at the desk's page until the gateway has read its registry again."""
    until, wanted = monotonic() + 30, "ready" if shown else "error"
    page.goto(demo.portal(3))
    while page.evaluate(WHAT_CAME_OF_IT) != wanted:
        assert monotonic() < until, f"the widget is not {wanted}"
        page.reload()


@pytest.mark.parametrize("number", [1, 2, 3])
def test_each_portal_refreshes_and_calls_its_own_resource(demo: Demo, new_page: NewPage, number: int) -> None:
    page = new_page()
    page.goto(demo.portal(number, "/login"))
    sign_in(page, "97050551700072", "Sawyer", "Tom")
    expect(page).to_have_url(demo.portal(number, "/me"))
    page.get_by_role("button", name="Rafraîchir").click()
    expect(page.get_by_role("status")).to_contain_text("rafraîchi")
    page.locator("form[action='/dossier'] button").click()
    expect(page.locator("#dossier tbody tr")).to_have_count(3)
    page.goto(demo.portal(number, "/me"))
    page.get_by_role("button", name="Rafraîchir").click()
    expect(page.get_by_role("status")).to_contain_text("rafraîchi")


@pytest.mark.parametrize(
    ("siret", "family_name", "given_name"),
    [
        ("39491558100034", "oeuvrard muller", "jean francois"),
        ("99900037500017", "d’almeida", "HELOISE"),
        ("99900041700017", "Lefevre", "Ines"),
    ],
)
def test_names_are_typed_as_people_type_them(
    demo: Demo, new_page: NewPage, siret: str, family_name: str, given_name: str
) -> None:
    page = new_page()
    page.goto(demo.portal(3, "/login"))
    sign_in(page, siret, family_name, given_name)
    expect(page).to_have_url(demo.portal(3, "/me"))


def test_a_candidate_signs_in_with_less_assurance(demo: Demo, new_page: NewPage) -> None:
    page = new_page()
    page.goto(demo.portal(2, "/login"))
    sign_in(page, "99900044100017", "Celik", "Zoe")
    expect(page.locator("#id-token [data-claim=acr]")).to_contain_text("eidas0")


def test_a_closed_establishment_names_its_successor(demo: Demo, new_page: NewPage) -> None:
    page = new_page(watched=False)
    page.goto(demo.portal(1, "/login"))
    sign_in(page, "99900042500010", "Garnier", "Noemie")
    expect(page.locator("body")).to_contain_text(re.compile(r"999\s000\s425\s00028"))


def test_a_suspended_account_answers_as_a_wrong_password(demo: Demo, new_page: NewPage) -> None:
    def answer(family_name: str, given_name: str, password: str) -> str:
        page = new_page(watched=False)
        page.goto(demo.portal(1, "/login"))
        sign_in(page, "99900045800011", family_name, given_name, password)
        shown = page.locator("[role=alert]", has_text=re.compile(r"\w"))
        expect(shown.first).to_be_visible()
        return shown.first.inner_text()

    assert answer("Nunez", "Inaki", DEMO_PASSWORD) == answer("Nunez", "Inaki", "Another2026")


def test_cancelling_comes_back_to_the_portal(demo: Demo, new_page: NewPage) -> None:
    page = new_page()
    page.goto(demo.portal(3, "/login"))
    page.get_by_role("button", name="Annuler").or_(page.get_by_role("link", name="Annuler")).first.click()
    expect(page.locator("h1")).to_contain_text("annulé")


@pytest.mark.parametrize(("number", "scheme"), [(1, "light"), (2, "light"), (3, "light"), (3, "dark")])
def test_a_portals_pages_are_accessible(demo: Demo, new_page: NewPage, number: int, scheme: str) -> None:
    # axe is put into the page, which the portal's policy forbids
    page = new_page(watched=False, bypass_csp=True, color_scheme=scheme)
    wrong = []
    for path in ("/", "/mails/", "/signed-out", "/conditions", "/nowhere", "/login", "/", "/me"):
        page.goto(demo.portal(number, path))
        if path == "/login":
            sign_in(page, "99900027600017", "floriot", "estelle")
            expect(page).to_have_url(demo.portal(number, "/me"))
        wrong += [f"{path}: {line}" for line in axe(page)]
    assert wrong == []


def test_mails_are_listed_on_a_page(demo: Demo, new_page: NewPage) -> None:
    """The gateway writes .eml files instead of sending; its job runner does it, so the page is looked at until then."""
    page = new_page()
    page.goto(demo.portal(2, "/login"))
    sign_in(page, "99900042500028", "Roux", "Achille")
    change_password(demo, claim(page, "sub"))
    page.goto(demo.portal(2, "/mails/"))
    until = monotonic() + 30
    while page.locator("#mails", has_text="achille.roux@epi.example").count() == 0:
        assert monotonic() < until, "no mail came"
        page.reload()
    page.locator("#mails a").first.click()
    expect(page.locator("pre.mail")).to_contain_text("Achille")


def change_password(demo: Demo, subject: str) -> None:
    """As an operator does it, on the demo's database."""
    changed = subprocess.run(
        [sys.executable, "-m", "idp", "accounts", "password", subject, "--password-stdin"],
        cwd=ROOT,
        env={**os.environ, **demo_environment(DemoPlace(demo.folder, demo.port))},
        input="Another2026",
        capture_output=True,
        text=True,
        check=False,
    )
    assert changed.returncode == 0, changed.stderr


def test_the_table_names_the_addresses_and_the_accounts(demo: Demo) -> None:
    for expected in (demo.gateway, demo.portal(1).rstrip("/"), "MOUTIN", "970 505 517 00072", DEMO_PASSWORD):
        assert expected in demo.said
    assert f"{demo.portal(3).rstrip('/')} has the login widget" in demo.said


def test_a_second_demo_on_these_ports_gets_one_sentence(demo: Demo, tmp_path: Path) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "idp", "demo", "--folder", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "IDP_DEMO_PORT": str(demo.port)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    expected = (
        f"Error: Port {demo.port} is taken: stop what listens there, or move all four: IDP_DEMO_PORT=9000 make demo"
    )
    assert (second.returncode, second.stderr.strip()) == (1, expected)


def test_ctrl_c_stops_all_and_a_second_run_keeps_the_data(
    tmp_path_factory: pytest.TempPathFactory, new_page: NewPage
) -> None:
    folder, port = tmp_path_factory.mktemp("d") / "demo", free_ports(4)[0]
    subjects = []
    for _ in range(2):
        demo = start_demo(folder, port)
        try:
            page = new_page()
            page.goto(demo.portal(1, "/login"))
            sign_in(page, "99900027600017", "Floriot", "Estelle")
            expect(page).to_have_url(demo.portal(1, "/me"))
            subjects.append(claim(page, "sub"))
            page.context.close()  # a resource still on its way when the demo stops would be complained of
        finally:
            last = stop_demo(demo)
        assert "its data stays in" in last
        assert demo.process.returncode == 0
        assert [port + offset for offset in range(4) if not is_free(port + offset)] == []
    assert len(set(subjects)) == 1
