"""The widget in pages that trust nobody, and what is left of it where it cannot be."""

from __future__ import annotations

import base64
import hashlib

import httpx
import pytest
from playwright.sync_api import Page, expect

from idp.domain.portals.widgets import Completion
from tests.widget.conftest import NewContext, NewPlace
from tests.widget.driving import (
    arrives,
    document,
    fill,
    form,
    hears,
    keep_going,
    login_page,
    opened,
    script,
    sign_in,
    submit,
    widget,
)
from tests.widget.parents import framed_document, greeting, said
from tests.widget.places import Place, with_widget
from tests.widget.relying_party import Served

pytestmark = pytest.mark.browser
LINK = "Se connecter avec mon compte entreprise"


def integrity(place: Place, content: bytes | None = None) -> str:
    """What a page writes to have no other loader than the one it knows."""
    known = content if content is not None else httpx.get(place.issuer + "/w/1.0.0/mire-login.js").content
    return "integrity='sha384-" + base64.b64encode(hashlib.sha384(known).digest()).decode() + "'"


def strictest(place: Place, **more: str) -> dict[str, str]:
    """Everything that a page can forbid itself, but the loader, the frame and its own back end."""
    return {
        "Content-Security-Policy": f"default-src 'none'; script-src {place.issuer}/w/; frame-src {place.issuer}; "
        "connect-src 'self'; style-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'; img-src data:",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        **more,
    }


def link_signs_in(page: Page) -> None:
    """The partner's own link leads to our page, and that to the partner."""
    page.get_by_role("link", name=LINK).click()
    sign_in(page)
    arrives(page)


def test_the_strictest_page_has_the_widget(place: Place, new_context: NewContext) -> None:
    """Widget case 7: nothing of it is reported, and the whole sign-in works."""
    place.partner.pages["/strict"] = Served(document(widget(place), script(place, integrity(place))), strictest(place))
    complaints: list[str] = []
    page = new_context().new_page()
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.goto(place.partner.origin + "/strict")
    assert page.evaluate("crossOriginIsolated"), "the page is what it claims"
    sign_in(form(page))
    keep_going(page)
    arrives(page)
    assert complaints == []


def test_a_loader_that_is_not_the_known_one_does_not_run(place: Place, new_context: NewContext) -> None:
    """Widget case 8: and the link is there. The control: the known one does, in the test above."""
    wrong = script(place, integrity(place, b"another"))
    place.partner.pages["/pinned"] = Served(document(widget(place), wrong))
    page = opened(new_context(), place.partner.origin + "/pinned")
    assert page.evaluate("customElements.get('mire-login') === undefined")
    assert page.locator("iframe").count() == 0
    link_signs_in(page)


def test_without_script_the_link_works(place: Place, new_context: NewContext) -> None:
    """Widget case 8."""
    page = new_context(java_script_enabled=False).new_page()
    page.goto(login_page(place))
    link_signs_in(page)


def blocking(place: Place) -> dict[str, str]:
    return {"Content-Security-Policy": "frame-src 'none'"}


def test_a_page_that_forbids_our_frame_says_so_and_shows_the_link(place: Place, new_context: NewContext) -> None:
    """Widget case 9."""
    place.partner.pages["/closed"] = Served(document(widget(place), script(place)), blocking(place))
    page = opened(new_context(), place.partner.origin + "/closed")
    assert hears(page, "blocked") == {"reason": "csp"}
    page.locator("#before").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name=LINK)).to_be_focused()
    link_signs_in(page)


@pytest.fixture
def popup_place(new_place: NewPlace) -> Place:
    """A partner that asked for popups, where frames are forbidden: only the link's click is left."""
    place = new_place(change=with_widget(popup=True, completion=Completion.MESSAGE))
    place.partner.asks["response_mode"] = "web_message"
    return place


def popup_page(place: Place, **headers: str) -> str:
    attributes = "start-url=/sso/start fallback=popup completion=message"
    page = document(widget(place, attributes), script(place))
    place.partner.pages["/popup"] = Served(page, {**blocking(place), **headers})
    return place.partner.origin + "/popup"


def test_a_popup_answers_the_page_that_opened_it(popup_place: Place, new_context: NewContext) -> None:
    """Widget case 10."""
    page = opened(new_context(), popup_page(popup_place))
    hears(page, "blocked")
    with page.expect_popup() as opening:
        page.get_by_role("link", name=LINK).click()
    popup = opening.value
    fill(popup)
    with popup.expect_event("close"):
        submit(popup)
    told = hears(page, "success")
    assert (told["source"], told["iss"]) == ("popup", popup_place.issuer)


def test_a_page_that_cuts_its_popups_off_goes_there_itself(popup_place: Place, new_context: NewContext) -> None:
    """Widget case 10: Cross-Origin-Opener-Policy: same-origin."""
    page = opened(new_context(), popup_page(popup_place, **{"Cross-Origin-Opener-Policy": "same-origin"}))
    hears(page, "blocked")
    page.get_by_role("link", name=LINK).click()
    page.wait_for_url(popup_place.issuer + "/**")
    sign_in(page)
    arrives(page)


def test_a_blocked_popup_becomes_a_redirect(popup_place: Place, new_context: NewContext) -> None:
    """Widget case 10."""
    context = new_context()
    context.add_init_script("window.open = () => null")
    page = opened(context, popup_page(popup_place))
    hears(page, "blocked")
    page.get_by_role("link", name=LINK).click()
    page.wait_for_url(popup_place.issuer + "/**")
    sign_in(page)
    arrives(page)


ASKING_FOR_THE_TICKET = """
greet = () => frame().postMessage(message('init', {
  loader: '1.0.0', handover: 'page', completion: 'message', ticket: true, features: ['handover'],
}), issuer, [port()]);
"""
INSIDE = "allow-scripts allow-forms allow-same-origin allow-popups"


def test_a_sandbox_that_holds_the_frame_gets_no_ticket(place: Place, new_context: NewContext) -> None:
    """Widget case 11: whatever the page's `init` says, the frame offers a page of its own, and says nothing."""
    place.partner.pages["/sandbox"] = greeting(place, ASKING_FOR_THE_TICKET, f"sandbox='{INSIDE}'")
    page = new_context().new_page()
    answers: list[dict[str, str]] = []
    page.on("response", lambda answer: answers.append(answer.json()) if "/widget/submit" in answer.url else None)
    page.goto(place.partner.origin + "/sandbox")
    frame = framed_document(page)
    sign_in(frame)
    frame.locator("#continue").click()
    expect(frame.locator("#notice")).to_contain_text("page séparée")
    (answer,) = answers
    assert answer["ticket"] not in str(said(page))
    assert page.url == place.partner.origin + "/sandbox"
    assert place.wire.of("/widget/handover") == []


def test_a_sandbox_that_lets_the_top_go_is_handed_over(place: Place, new_context: NewContext) -> None:
    """Widget case 11: the control, with the same `init`."""
    tokens = f"{INSIDE} allow-top-navigation-by-user-activation"
    place.partner.pages["/sandbox"] = greeting(place, ASKING_FOR_THE_TICKET, f"sandbox='{tokens}'")
    page = new_context().new_page()
    page.goto(place.partner.origin + "/sandbox")
    sign_in(framed_document(page))
    keep_going(page)
    arrives(page)
