"""FedCM through the loader: beside the form, never instead of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Page

from idp.domain.portals.clients import Client
from idp.domain.portals.widgets import Completion, Widget
from idp.store.people.accounts import accounts
from tests.widget.conftest import NewPlace
from tests.widget.dialogs import Dialogs, open_page
from tests.widget.dialogs import sign_in as sign_in_at_top
from tests.widget.driving import LISTEN, arrives, form, heard, hears, keep_going, login_page, sign_in
from tests.widget.places import Place

pytestmark = pytest.mark.browser


def by_message(client: Client) -> Client:
    """The partner, whose page takes codes itself."""
    widget = Widget(origins=origins_of(client), completion=Completion.MESSAGE, fedcm=True)
    return replace(client, widget=widget)


def origins_of(client: Client) -> tuple[str, ...]:
    """Where its pages are."""
    return (client.redirect_uris[0].partition("/sso/")[0],)


@pytest.fixture
def place(new_place: NewPlace) -> Place:
    place = new_place(change=by_message)
    place.partner.asks["response_mode"] = "web_message"
    return place


def opened(page: Page, place: Place, fedcm: str, **headers: str) -> Dialogs:
    """The partner's page with the element."""
    attributes = f"start-url=/sso/start completion=message fedcm={fedcm}"
    page.add_init_script(LISTEN)
    dialogs = Dialogs(page, place)
    page.goto(login_page(place, attributes, **headers))
    hears(page, "ready")
    return dialogs


@pytest.mark.parametrize("fedcm", ["auto", "button"])
def test_a_returning_person_signs_in_without_the_form(page: Page, place: Place, fedcm: str) -> None:
    """Widget case 16."""
    sign_in_at_top(page, place)
    dialogs = opened(page, place, fedcm)
    if fedcm == "button":
        page.click("mire-login button")
    assert dialogs.choose()["name"] == "Claire Moutin"
    success = hears(page, "success")
    assert (success["source"], success["iss"]) == ("fedcm", place.issuer)
    assert dialogs.sent(success) == "bonjour Moutin"
    assert place.partner.people[-1]["channel"] == "fedcm"


def test_whom_the_browser_does_not_know_signs_in_in_the_form(page: Page, place: Place) -> None:
    """Widget case 16: nothing changes for who has never been here."""
    dialogs = opened(page, place, "auto")
    sign_in(form(page))
    success = hears(page, "success")
    assert (success["source"], dialogs.shown) == ("frame", [])
    assert dialogs.sent(success) == "bonjour Moutin"
    assert place.partner.people[-1]["channel"] == "frame"


def test_who_types_is_not_disturbed_any_more(page: Page, place: Place) -> None:
    """Widget case 16: the question is withdrawn when the form is sent, and the form's answer counts."""
    sign_in_at_top(page, place)
    dialogs = opened(page, place, "auto")
    dialogs.wait("AccountChooser")
    sign_in(form(page))
    success = hears(page, "success")
    assert success["source"] == "frame"
    assert place.wire.of("/fedcm/assertion") == []
    assert dialogs.sent(success) == "bonjour Moutin"


def test_without_connect_src_the_form_still_works(page: Page, place: Place) -> None:
    """Widget case 16."""
    sign_in_at_top(page, place)
    policy = (
        f"default-src 'none'; script-src {place.issuer} 'unsafe-inline'; frame-src {place.issuer}; connect-src 'self'; "
        "img-src data:"
    )
    dialogs = opened(page, place, "auto", Content_Security_Policy=policy)
    sign_in(form(page))
    success = hears(page, "success")
    assert (success["source"], dialogs.shown, place.wire.of("/fedcm/accounts")) == ("frame", [], [])


def test_a_refusal_leaves_the_form(page: Page, place: Place) -> None:
    """Widget case 16, the browser's own dialogue for errors; the element says which, and the form goes on."""
    sign_in_at_top(page, place)
    place.partner.asks["max_age"] = "60"
    place.clock.advance(60_000)
    dialogs = opened(page, place, "auto")
    dialogs.choose()
    dialogs.press(dialogs.wait("Error"), "ErrorGotIt")
    assert hears(page, "error")["error"] == "login_required"
    sign_in(form(page))
    assert hears(page, "success")["source"] == "frame"
    assert [name for name, _ in heard(page) if name == "blocked"] == []


def test_who_signed_in_in_the_form_is_offered_afterwards(page: Page, new_place: NewPlace) -> None:
    """Widget cases 15 and 16: the hand-over tells the browser, so that a password is typed once."""
    place = new_place(change=lambda client: replace(client, widget=Widget(origins=origins_of(client), fedcm=True)))
    page.goto(login_page(place))
    sign_in(form(page))
    keep_going(page)
    arrives(page)
    dialogs = open_page(page, place)
    dialogs.ask()
    dialogs.choose()
    assert dialogs.receive() == "bonjour Moutin"
    assert [person["channel"] for person in place.partner.people] == ["frame", "fedcm"]


def test_whom_we_signed_out_elsewhere_is_not_signed_in_by_the_browser(page: Page, place: Place) -> None:
    """A suspended account: the browser believes that somebody is signed in, and we say otherwise. The control is
    test_a_returning_person_signs_in_without_the_form."""
    sign_in_at_top(page, place)
    with place.deps.transaction() as connection:
        connection.execute(accounts.update().values(state="suspended"))
    dialogs = opened(page, place, "auto")
    dialogs.wait("ConfirmIdpLogin")
    assert [one.status for one in place.wire.of("/fedcm/accounts")] == [401]
    assert place.wire.of("/fedcm/assertion") == []
