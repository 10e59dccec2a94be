"""A code that was seen on its way is worth nothing to whoever saw it."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.widget.conftest import NewContext
from tests.widget.driving import fill, submit
from tests.widget.places import Place
from tests.widget.relying_party import CALLBACK, Served

pytestmark = pytest.mark.browser
Intercepted = Callable[[], tuple[str, str]]


@pytest.fixture
def intercepted(place: Place, new_context: NewContext) -> Intercepted:
    """Fresh codes as somebody at the redirect URI reads them, and the verifiers that they do not read."""
    place.partner.redeems = False
    page = new_context().new_page()
    link = f"<a href='{place.issuer}/authorize?client_id=portail&amp;request_uri=REQUEST_URI'>Se connecter</a>"
    place.partner.pages["/link"] = Served(link)

    def come_back() -> tuple[str, str]:
        page.goto(place.partner.origin + "/link")
        page.click("a")
        if page.url.startswith(place.issuer):
            fill(page)
            submit(page)
        page.locator("#said").wait_for()
        answer = place.partner.codes[-1]
        verifier = next(one.verifier for (_, state), one in place.partner.waiting.items() if state == answer["state"])
        return answer["code"], verifier

    return come_back


def refused(answer: httpx.Response, error: str = "invalid_grant") -> None:
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_code_is_worth_nothing_without_what_its_partner_holds(place: Place, intercepted: Intercepted) -> None:
    """Widget case 30: by another client, without the verifier, with another one, with another redirect URI."""
    code, verifier = intercepted()
    refused(place.second.redeem(code, verifier, redirect_uri=place.partner.origin + CALLBACK))
    code, verifier = intercepted()
    refused(place.partner.redeem(code, ""), "invalid_request")
    code, verifier = intercepted()
    refused(place.partner.redeem(code, "w" * 43))
    code, verifier = intercepted()
    refused(place.partner.redeem(code, verifier, redirect_uri=place.attacker.origin + CALLBACK))
    code, verifier = intercepted()
    assert place.partner.redeem(code, verifier).status_code == 200, "the control"


def test_a_second_use_of_a_code_ends_what_the_first_gave(place: Place, intercepted: Intercepted) -> None:
    """Widget case 30."""
    code, verifier = intercepted()
    token = place.partner.redeem(code, verifier).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert httpx.get(place.issuer + "/userinfo", headers=bearer).status_code == 200, "the control"
    refused(place.partner.redeem(code, verifier))
    assert httpx.get(place.issuer + "/userinfo", headers=bearer).status_code == 401


def test_a_code_older_than_a_minute_is_refused(place: Place, intercepted: Intercepted) -> None:
    """Widget case 30."""
    code, verifier = intercepted()
    place.clock.advance(place.deps.lifetimes.code)
    refused(place.partner.redeem(code, verifier))
