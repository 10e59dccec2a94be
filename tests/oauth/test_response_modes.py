"""How responses travel: query, fragment and form post, each with `iss`, for codes and for errors."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import TestResponse

from idp.store.database import Database
from tests.pages import forms_of
from tests.portals import CALLBACK, ISSUER, Browser, gateway, location, members, portal

STATE = """"><script>alert(1)</script>é &x=y"""


@pytest.fixture
def browser(database: Database) -> Browser:
    browser = gateway(database, portal(form_action_origins=("https://suite.example.fr",))).browser()
    browser.has_session()
    return browser


def posted(page: TestResponse) -> dict[str, str]:
    """What the page's only form would post to the portal."""
    forms = forms_of(page)
    assert [CALLBACK] == forms.actions
    return forms.found[0]


def test_the_query_is_the_default(browser: Browser) -> None:
    assert {"code", "state", "iss"} == set(members(browser.authorize()))


def test_the_fragment_carries_the_same(browser: Browser) -> None:
    address = urlsplit(location(browser.authorize(response_mode="fragment", state=STATE)))
    told = parse_qs(address.fragment, strict_parsing=True)
    assert ("", [STATE], [ISSUER]) == (address.query, told["state"], told["iss"])
    assert "code" in told


def test_a_form_post_carries_the_same(browser: Browser) -> None:
    form = posted(browser.authorize(response_mode="form_post", state=STATE))
    assert {"code", "state", "iss"} == set(form)
    assert (STATE, ISSUER) == (form["state"], form["iss"])


def test_a_form_post_has_a_button_for_browsers_without_javascript(browser: Browser) -> None:
    assert 1 == forms_of(browser.authorize(response_mode="form_post")).buttons


def test_a_form_post_has_no_inline_handler_and_may_post_to_the_portal_alone(browser: Browser) -> None:
    page = browser.authorize(response_mode="form_post")  # the client of every test refuses inline script
    expected = "form-action 'self' https://portail.example.fr https://suite.example.fr;"
    assert expected in page.headers["Content-Security-Policy"]
    assert "no-store" in page.headers["Cache-Control"]


@pytest.mark.parametrize("state", [STATE, "s" * 1024, "+ %20", "日本語"])
def test_the_state_comes_back_as_it_was_sent(browser: Browser, state: str) -> None:
    assert state == members(browser.authorize(state=state))["state"]


def test_an_error_travels_in_the_mode_that_was_asked_for(browser: Browser) -> None:
    form = posted(browser.authorize(response_mode="form_post", response_type="token"))
    assert ("unsupported_response_type", ISSUER) == (form["error"], form["iss"])
    assert "#error=invalid_scope" in location(browser.authorize(response_mode="fragment", scope="none"))


def test_an_error_description_is_ascii_without_quotes(browser: Browser) -> None:
    """RFC 6749 section 4.1.2.1."""
    for parameters in ({"prompt": "shout"}, {"scope": "x"}, {"code_challenge": "x"}, {"claims": "{"}):
        told = members(browser.authorize(**parameters))
        assert all(" " <= character <= "~" and character not in '"\\' for character in told["error_description"])


def test_a_response_is_never_kept_by_a_cache(browser: Browser) -> None:
    assert "no-store" in browser.authorize().headers["Cache-Control"]


def test_a_portal_cannot_be_given_a_header(browser: Browser) -> None:
    assert "s\r\nSet-Cookie: x=y" == members(browser.authorize(state="s\r\nSet-Cookie: x=y"))["state"]
