"""Other ways out of our site, and forms of other sites: RFC 9700 sections 4.7 and 4.11, RFC 6749 section 10.15."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import TestResponse

from idp.domain.platform.instants import to_seconds
from idp.domain.portals.clients import SigningAlgorithm
from tests.negative.conftest import HOME
from tests.negative.test_redirect_uris import EVIL, TRICKS
from tests.pages import forms_of
from tests.portals import ISSUER, Browser, Gateway, location, members, transaction

BYE = f"{HOME}/bye"


def hint(browser: Browser, **changes: Any) -> str:
    now = to_seconds(browser.deps.clock.now())
    claims = {"iss": ISSUER, "aud": "portail", "sub": "Moutin", "sid": "x", "iat": now, "exp": now + 300, **changes}
    return browser.deps.signer.sign(claims, alg=SigningAlgorithm.RS256, typ="JWT")


def stays(answer: TestResponse) -> bool:
    return answer.status_code in (200, 400) and "Location" not in answer.headers and EVIL not in answer.text


def test_no_trick_is_a_way_out_after_signing_out(at: Gateway) -> None:
    """RFC 9700 section 4.11.2, RP-Initiated Logout section 3: also with a genuine hint, only what is registered."""
    visitor = at.browser()
    for name, trick in TRICKS.items():
        uri = trick.replace("/cb", "/bye")
        for query in ({"id_token_hint": hint(visitor)}, {"client_id": "portail"}, {}):
            sent = {**query, "post_logout_redirect_uri": uri}
            assert stays(visitor.http.get("/end-session", query_string=sent)), name
            posted = visitor.http.post("/end-session", data=sent)
            assert stays(posted) or location(posted).startswith("/end-session?"), "a POST is asked again by GET"
    good = {"id_token_hint": hint(visitor), "post_logout_redirect_uri": BYE, "state": f"//{EVIL}/"}
    assert location(visitor.http.get("/end-session", query_string=good)).startswith(f"{BYE}?state="), "the control"


def test_no_trick_follows_a_sign_in_to_our_own_pages(at: Gateway) -> None:
    """RFC 9700 section 4.11, OpenID Connect Core section 4: target_link_uri is ours, or it is not kept."""
    visitor = at.browser()
    ours = {"an account page": f"{ISSUER}/account", "another": f"{ISSUER}/account/sessions"}
    tricks = {name: uri.replace("portail.example.fr", "connexion.example.fr") for name, uri in TRICKS.items()}
    for name, uri in {**tricks, **ours}.items():
        answer = visitor.http.get("/account/login", query_string={"iss": ISSUER, "target_link_uri": uri})
        if answer.status_code != 303:
            assert name not in ours
            continue
        target = urlsplit(location(answer))
        assert (target.netloc, target.path) == ("connexion.example.fr", "/authorize"), name
        (kept,) = parse_qs(target.query).get("state", ["/"])
        assert kept.startswith("/"), name
        assert not kept.startswith(("//", "/\\")), name
        assert name not in ours or kept == uri.removeprefix(ISSUER), "the control"


def test_no_return_link_leads_to_a_stranger(at: Gateway) -> None:
    """RFC 9700 section 4.11.2: pages that stop the way link to what the registry says, never to what was sent."""
    visitor = at.browser()
    lures = dict.fromkeys(
        ("return_to", "next", "redirect", "url", "client_uri", "post_logout_redirect_uri"), f"//{EVIL}/"
    )
    for path in (
        "/authorize",
        "/authorize/resume",
        "/sign-in",
        "/consent",
        "/select-account",
        "/device",
        "/end-session",
    ):
        for more in (
            {},
            {"client_id": "portail"},
            {"client_id": "portail", "t": "x"},
            {"redirect_uri": f"https://{EVIL}/"},
        ):
            answer = visitor.http.get(path, query_string={**lures, **more})
            assert EVIL not in answer.text, path
            assert EVIL not in urlsplit(answer.headers.get("Location", "")).netloc, path
    stopped = visitor.http.get("/authorize", query_string={"client_id": "portail", "redirect_uri": f"https://{EVIL}/"})
    assert 'href="https://portail.example.fr/"' in stopped.text, "the control: the registered way back is there"


@pytest.mark.parametrize("page", ["/sign-in", "/cancel"])
def test_a_form_that_is_not_ours_does_nothing(at: Gateway, page: str) -> None:
    """RFC 9700 section 4.7, RFC 6749 section 10.12: a form token of this transaction, this form and this browser."""
    visitor = at.browser()
    asked, other = visitor.authorize(), visitor.authorize(state="another tab")

    def token(answer: TestResponse) -> str:
        forms = forms_of(visitor.http.get(location(answer)))
        named = zip(forms.actions, forms.found, strict=True)
        return next(form["form_token"] for action, form in named if action.startswith(page))

    for wrong in ("", "x.y", token(asked)[:-1], token(asked).swapcase(), token(other) + "x", f"{token(asked)}\x00"):
        answer = visitor.http.post(page, query_string={"t": transaction(asked)}, data={"form_token": wrong})
        assert answer.status_code in (400, 403), wrong
    visitor.has_session()
    assert "code" in members(visitor.authorize(state="still")), "the control: the browser goes on"
    if page == "/cancel":
        good = visitor.http.post(page, query_string={"t": transaction(asked)}, data={"form_token": token(asked)})
        assert good.status_code == 303, "the control: the form's own token"
