"""The harness shows what it claims: cookies blocked, sites apart, a partner that checks what it is given."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask, Response, request
from playwright.sync_api import Browser, BrowserContext, Playwright, expect

from tests.browser.serving import serving
from tests.widget.chromium import ALLOWING, running_chromium
from tests.widget.conftest import NewContext
from tests.widget.places import PASSWORD, Place
from tests.widget.relying_party import COOKIE, Served

pytestmark = pytest.mark.browser


def cookie_app() -> Flask:
    """A page that may be framed, and that keeps cookies of both kinds."""
    app = Flask("cookies")

    @app.get("/kept")
    def kept() -> Response:
        response = Response(f"<p id=sent>{' '.join(sorted(request.cookies))}</p>")
        response.set_cookie("none", "1", secure=True, samesite="None")
        response.set_cookie("lax", "1", samesite="Lax")
        return response

    return app


@pytest.fixture
def keeper() -> Iterator[str]:
    """That page, of the gateway's own host: cookies know no ports."""
    with serving(cookie_app()) as port:
        yield f"http://localhost:{port}/kept"


def sent_in_a_frame(context: BrowserContext, place: Place, keeper: str) -> str:
    """Which cookies of a first-party visit a frame of the same origin sends, inside the partner's page."""
    place.partner.pages["/frame"] = Served(f"<iframe src='{keeper}'></iframe>")
    page = context.new_page()
    for _ in range(2):
        page.goto(keeper)
    assert page.inner_text("#sent") == "lax none"
    page.goto(place.partner.origin + "/frame")
    return page.frame_locator("iframe").locator("#sent").inner_text()


def test_third_party_cookies_are_blocked_in_every_new_context(
    place: Place, keeper: str, new_context: NewContext
) -> None:
    assert sent_in_a_frame(new_context(), place, keeper) == ""


@pytest.fixture(scope="session")
def lenient_chromium(
    playwright: Playwright, installed_chromium: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    profile = tmp_path_factory.mktemp("chromium") / "profile"
    with running_chromium(installed_chromium, profile, ALLOWING) as address:
        yield playwright.chromium.connect_over_cdp(address)


def test_without_the_preference_they_are_sent(place: Place, keeper: str, lenient_chromium: Browser) -> None:
    """The control: the same page in the same Chromium, allowing them."""
    assert sent_in_a_frame(lenient_chromium.contexts[0], place, keeper) == "none"


def test_a_sign_in_by_redirect_ends_with_a_checked_id_token(place: Place, new_context: NewContext) -> None:
    place.partner.pages["/login"] = Served(
        f"<a href='{place.issuer}/authorize?client_id=portail&amp;request_uri=REQUEST_URI'>Se connecter</a>"
    )
    page = new_context().new_page()
    page.goto(place.partner.origin + "/login")
    page.click("a")
    for name, value in {"siret": "99900037500017", "family_name": "moutin", "given_name": "Claire"}.items():
        page.fill(f"#{name}", value)
    page.fill("#password", PASSWORD)
    page.click("#sign-in [type=submit]")
    expect(page.locator("#said")).to_have_text("bonjour Moutin")
    assert [person["sub"] for person in place.partner.people] == ["Moutin"]


def test_the_partner_refuses_an_answer_that_is_not_for_this_browser(place: Place, new_context: NewContext) -> None:
    context = new_context()
    context.add_cookies([{"name": COOKIE, "value": "somebody", "url": place.partner.origin}])
    page = context.new_page()
    for query, why in {
        "code=c&state=s&iss=" + place.issuer: "state",
        "code=c&state=s&iss=" + place.attacker.origin: "iss",
        "error=access_denied&state=s": "access_denied",
    }.items():
        page.goto(f"{place.partner.origin}/sso/callback?{query}")
        expect(page.locator("#said")).to_have_text(f"refused: {why}")


def test_the_three_are_of_three_sites(place: Place, new_context: NewContext) -> None:
    """`Sec-Fetch-Site`, by which the gateway tells them apart, as this Chromium computes it."""
    page = new_context().new_page()
    for origin in (place.partner.origin, place.other_origin, place.attacker.origin):
        place.partner.pages["/call"] = place.attacker.pages["/call"] = Served("<p>ready")
        page.goto(origin + "/call")
        page.evaluate("issuer => fetch(issuer + '/jwks', {mode: 'no-cors'})", place.issuer)
        assert place.wire.of("/jwks")[-1].headers["sec-fetch-site"] == "cross-site"
