"""FedCM in a Chromium that blocks third-party cookies: the browser offers who is signed in, and nobody else asks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright

from idp.domain.portals.clients import Client
from idp.domain.portals.widgets import Widget
from tests.widget.chromium import running_chromium
from tests.widget.conftest import NewPlace
from tests.widget.dialogs import Dialogs, fill_in, open_page, sign_in
from tests.widget.places import Place
from tests.widget.relying_party import Served

pytestmark = pytest.mark.browser
COOKIE = "__Secure-mire_fedcm"


def with_fedcm(client: Client) -> Client:
    """The partner, whose page may ask the browser."""
    origin = client.redirect_uris[0].partition("/sso/")[0]
    return replace(client, widget=Widget(origins=(origin,), fedcm=True))


@pytest.fixture
def place(new_place: NewPlace) -> Place:
    return new_place(change=with_fedcm)


def asked(place: Place) -> list[str]:
    """What the browser asked of us by itself."""
    return [one.path for one in place.wire.exchanges if one.headers.get("sec-fetch-dest") == "webidentity"]


def test_somebody_who_is_signed_in_is_offered_and_signs_in(page: Page, place: Place) -> None:
    """FedCM, passive mode."""
    sign_in(page, place)
    dialogs = open_page(page, place)
    dialogs.ask()
    account = dialogs.choose()
    assert account["name"] == "Claire Moutin"
    assert json.loads(dialogs.answer()["token"]).keys() == {"code", "state", "iss"}
    assert dialogs.receive() == "bonjour Moutin"
    assert place.partner.people[-1]["channel"] == "fedcm"


def test_its_cookie_goes_to_fedcm_and_nowhere_else(page: Page, place: Place) -> None:
    """The session's own cookie stays at home; neither comes with what asks for no person."""
    sign_in(page, place)
    dialogs = open_page(page, place)
    dialogs.ask()
    dialogs.choose()
    dialogs.answer()
    sent = {one.path: one.headers.get("cookie", "").partition("=")[0] for one in place.wire.exchanges}
    by_browser = {path: sent[path] for path in asked(place)}
    assert by_browser == {
        "/.well-known/web-identity": "", "/fedcm/config.json": "", "/fedcm/accounts": COOKIE,
        "/fedcm/assertion": COOKIE,
    }  # fmt: skip
    others = [one.headers.get("cookie", "") for one in place.wire.exchanges if not one.path.startswith("/fedcm")]
    assert not any(COOKIE in cookies for cookies in others)


def test_by_a_click_too(page: Page, place: Place) -> None:
    """FedCM, active mode."""
    sign_in(page, place)
    dialogs = open_page(page, place)
    dialogs.ask("active")
    dialogs.choose()
    assert dialogs.receive() == "bonjour Moutin"


def test_who_is_not_signed_in_signs_in_by_the_way(page: Page, place: Place) -> None:
    """FedCM, active mode: the browser opens our sign-in page, and goes on when that says that somebody is signed in."""
    dialogs = open_page(page, place)
    with page.context.expect_page() as opened:
        dialogs.ask("active")
    fill_in(opened.value)
    dialogs.choose()
    assert dialogs.receive() == "bonjour Moutin"


@pytest.fixture
def settled_page(playwright: Playwright, installed_chromium: str, tmp_path: Path) -> Iterator[Page]:
    """Of a person's own profile: without one, Chromium never signs anybody in by itself."""
    with running_chromium(installed_chromium, tmp_path / "profile") as address:
        page = playwright.chromium.connect_over_cdp(address).contexts[0].new_page()
        page.set_default_timeout(10_000)
        yield page


def test_who_comes_back_is_signed_in_at_once(settled_page: Page, place: Place) -> None:
    """FedCM, automatic re-authentication: once, then the browser asks again for a while."""
    sign_in(settled_page, place)
    dialogs = open_page(settled_page, place)
    dialogs.ask()
    dialogs.choose()
    assert dialogs.receive() == "bonjour Moutin"
    dialogs.ask(mediation="silent")
    assert dialogs.answer()["selected"] is True
    assert dialogs.receive() == "bonjour Moutin"
    assert [person["channel"] for person in place.partner.people] == ["top", "fedcm", "fedcm"]


@pytest.mark.parametrize(
    "leaves",
    [
        "navigator.credentials.preventSilentAccess()",
        "IdentityCredential.disconnect({configURL, clientId: 'portail', accountHint: 'Moutin'})",
        "0",
    ],
    ids=["prevents", "disconnects", "does nothing"],
)
def test_who_left_is_not_signed_in_by_itself(settled_page: Page, place: Place, leaves: str) -> None:
    """Credential Management, preventSilentAccess, as a partner's own logout calls it; FedCM section "disconnect
    endpoint". The control: a page that does nothing signs them in again."""
    sign_in(settled_page, place)
    dialogs = open_page(settled_page, place)
    dialogs.ask()
    dialogs.choose()
    assert dialogs.receive() == "bonjour Moutin"
    settled_page.evaluate(f"configURL => {leaves}", place.issuer + "/fedcm/config.json")
    dialogs.ask(mediation="silent")
    assert ("failed" in dialogs.answer()) == (leaves != "0")
    assert asked(place).count("/fedcm/assertion") == (1 if leaves != "0" else 2)
    assert [one.status for one in place.wire.of("/fedcm/disconnect")] == [200] * ("disconnect" in leaves)


def sign_out(page: Page, place: Place) -> None:
    page.goto(place.issuer + "/end-session")
    page.click("main form [type=submit]")
    page.wait_for_function("document.querySelector('main form') === null")


def test_after_a_logout_the_browser_asks_us_nothing(page: Page, place: Place) -> None:
    """Login Status: `Set-Login: logged-out`. The control: before, the very same call is answered."""
    sign_in(page, place)
    dialogs = open_page(page, place)
    dialogs.ask()
    dialogs.choose()
    dialogs.answer()
    sign_out(page, place)
    before = len(asked(place))
    for mediation in ("optional", "silent"):
        dialogs = open_page(page, place)
        dialogs.ask(mediation=mediation)
        assert dialogs.answer()["failed"] == "NetworkError"
        assert dialogs.shown == []
    assert len(asked(place)) == before


def test_a_refusal_is_explained_by_the_browser_and_told_to_the_page(page: Page, place: Place) -> None:
    """FedCM section "ID assertion endpoint", `error`: the form stays where it is."""
    sign_in(page, place)
    place.partner.asks["prompt"] = "login"
    dialogs = open_page(page, place)
    dialogs.ask()
    dialogs.choose()
    dialogs.press(dialogs.wait("Error"), "ErrorGotIt")
    answer = dialogs.answer()
    assert (answer["failed"], answer["said"]) == ("IdentityCredentialError", "login_required")


def test_a_page_whose_policy_does_not_name_us_gets_nothing(page: Page, place: Place) -> None:
    """`connect-src` of the partner. The control: with our address in it, the browser asks."""
    sign_in(page, place)
    for sources, outcome in {"'self'": False, f"'self' {place.issuer}/fedcm/": True}.items():
        policy = f"default-src 'self' 'unsafe-inline'; connect-src {sources}"
        dialogs = open_page(page, place, **{"Content-Security-Policy": policy})
        dialogs.ask()
        if outcome:
            dialogs.choose()
            assert dialogs.receive() == "bonjour Moutin"
        else:
            assert dialogs.answer()["failed"] == "NetworkError"
            assert asked(place) == []


def test_another_sites_page_gets_no_code_for_the_partners_client(page: Page, place: Place) -> None:
    """Whoever lures somebody to choose, with a request that the partner pushed: no code, nor what is wrong.

    The control: the partner's own page, with the same kind of request, is answered.
    """
    sign_in(page, place)
    pushed = place.partner.push()["request_uri"]
    place.attacker.pages["/page"] = Served("<!doctype html><title>Ici</title>")
    page.goto(place.attacker.origin + "/page")
    lured = Dialogs(page, place)
    lured.ask(pushed=pushed)
    lured.choose()
    lured.press(lured.wait("Error"), "ErrorGotIt")
    assert lured.answer() == {"failed": "IdentityCredentialError", "said": "", "why": lured.answer()["why"]}
    (refused,) = place.wire.of("/fedcm/assertion")
    assert (refused.status, refused.said("access-control-allow-origin")) == (403, "")
    dialogs = open_page(page, place)
    dialogs.ask()
    dialogs.choose()
    assert dialogs.receive() == "bonjour Moutin"


def test_whoever_opens_the_addresses_as_a_page_sees_nothing(page: Page, place: Place) -> None:
    """At the top level the cookie is sent: only `Sec-Fetch-Dest` keeps it from being a page like any other."""
    sign_in(page, place)
    answer = page.goto(place.issuer + "/fedcm/accounts")
    assert answer is not None
    (seen,) = place.wire.of("/fedcm/accounts")
    assert (answer.status, seen.headers["sec-fetch-dest"], COOKIE in seen.headers["cookie"]) == (403, "document", True)
    assert "Claire" not in page.content()


def press_in_window(page: Page, dialogs: Dialogs, button: str) -> None:
    """Choose, and then answer what our page asks in the window that the browser opens for it."""
    with page.context.expect_page() as opened:
        dialogs.choose()
    window = opened.value
    window.click(f"[name=decision][value={button}]")


@pytest.fixture
def asking_place(new_place: NewPlace) -> Place:
    """Where people are asked before the partner learns anything."""
    return new_place(change=lambda client: replace(with_fedcm(client), require_consent=True))


def test_who_must_agree_does_so_in_a_window_and_the_page_gets_its_code(page: Page, asking_place: Place) -> None:
    """FedCM, `continue_on`; it ends with IdentityProvider.resolve."""
    page.goto(asking_place.issuer + "/account")
    fill_in(page)
    page.wait_for_url("**/account")
    dialogs = open_page(page, asking_place)
    dialogs.ask("active")
    press_in_window(page, dialogs, "allow")
    assert dialogs.receive() == "bonjour Moutin"


def test_who_does_not_agree_is_left_with_the_form(page: Page, asking_place: Place) -> None:
    page.goto(asking_place.issuer + "/account")
    fill_in(page)
    page.wait_for_url("**/account")
    dialogs = open_page(page, asking_place)
    dialogs.ask("active")
    press_in_window(page, dialogs, "refuse")
    assert "failed" in dialogs.answer()
    assert asking_place.partner.codes == []


def test_without_fedcm_the_browser_is_told_nothing(page: Page, new_place: NewPlace) -> None:
    """No cookie, no login status: a gateway none of whose clients wants it is as before."""
    place = new_place()
    sign_in(page, place)
    (answer,) = [one for one in place.wire.of("/sign-in") if one.method == "POST"]
    assert answer.said("set-login") == ""
    assert not any(COOKIE in cookie for cookie in answer.cookies_set)
