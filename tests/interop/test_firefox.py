"""The Firefox of these tests shows what it claims, and a person signs in with it by redirect."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask, Response, request

from tests.browser.serving import serving
from tests.interop.bounces import ENFORCED, is_judged, wait_until_judged
from tests.interop.conftest import NewFirefox
from tests.interop.firefox import REFUSES_THIRD_PARTIES, Firefox, Value
from tests.interop.gateway import gateway_with
from tests.interop.marionette import FirefoxError
from tests.interop.visitor import TRIPLET

OUTER, INNER = "portail.localhost", "localhost"
"""Two sites: a page that frames, and who is framed in it."""
REGISTRY = """clients:
  - client_id: portail
    client_name: Portail d’essai
    token_endpoint_auth_method: none
    redirect_uris: [{origin}/callback]
    scope: openid organization
"""
ACTIVATION = "return [navigator.userActivation.isActive, navigator.userActivation.hasBeenActive]"


def site() -> Flask:
    """One page that frames, one that keeps cookies, one where codes arrive."""
    app = Flask("site")

    @app.get("/outer")
    def outer() -> str:
        port = request.host.split(":")[1]
        return f"<!doctype html><p>outside</p><iframe src='http://{INNER}:{port}/inner'></iframe>"

    @app.get("/inner")
    def inner() -> Response:
        sent = " ".join(["sent:", *sorted(request.cookies)])
        form = "<input name=word><button onclick='this.textContent = event.isTrusted'>?</button>"
        page = Response(f"<!doctype html><p id=sent>{sent}</p>{form}")
        page.set_cookie("none", "1", secure=True, samesite="None")
        page.set_cookie("lax", "1", samesite="Lax")
        return page

    @app.get("/callback")
    def callback() -> str:
        return "<!doctype html><p>here</p>"

    return app


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(site()) as taken:
        yield taken


def in_the_frame(person: Firefox, port: int) -> Firefox:
    person.open(f"http://{OUTER}:{port}/outer")
    person.enter_frame("iframe")
    return person


def test_a_person_types_and_clicks_in_a_frame_of_another_site(new_firefox: NewFirefox, port: int) -> None:
    person = in_the_frame(new_firefox(), port)
    assert person.script(ACTIVATION) == [False, False], "a script is nobody's gesture"
    person.fill({"word": "Mire"})
    assert person.script("return document.querySelector('input').value") == "Mire"
    person.click("button")
    assert person.text("button") == "true"
    assert person.script(ACTIVATION) == [True, True]
    person.leave_frames()
    assert person.text("p") == "outside"


@pytest.mark.parametrize(
    ("preferences", "sent"),
    [({}, "sent:"), (REFUSES_THIRD_PARTIES, "sent:"), ({"network__cookie__cookieBehavior": 0}, "sent: none")],
)
def test_a_frame_sends_no_cookie_of_a_first_party_visit_unless_all_are_allowed(
    new_firefox: NewFirefox, port: int, preferences: dict[str, Value], sent: str
) -> None:
    """Total Cookie Protection and the refusal of all third-party cookies; the control allows them."""
    person = new_firefox(**preferences)
    person.open(f"http://{INNER}:{port}/inner")
    person.open(f"http://{INNER}:{port}/inner")
    assert person.text("#sent") == "sent: lax none"
    in_the_frame(person, port)
    assert person.text("#sent") == sent


@pytest.mark.parametrize(("preferences", "kept"), [({}, ["none"]), (REFUSES_THIRD_PARTIES, [])])
def test_the_cookies_that_a_frame_keeps_are_seen(
    new_firefox: NewFirefox, port: int, preferences: dict[str, Value], kept: list[str]
) -> None:
    """Total Cookie Protection keeps them, for this partner alone; the refusal of all keeps none."""
    person = in_the_frame(new_firefox(**preferences), port)
    found = person.cookies(INNER)
    assert [cookie["name"] for cookie in found] == kept
    assert all(OUTER in cookie["partition"] for cookie in found)


def test_a_person_without_a_past_is_one(running_firefox: Firefox, port: int) -> None:
    """Though all tests share one process: cookies, gestures and preferences of the person before are gone."""
    behaviour = "return Services.prefs.getIntPref('network.cookie.cookieBehavior')"
    with running_firefox.anew(**ENFORCED, **REFUSES_THIRD_PARTIES) as person:
        person.open(f"http://{INNER}:{port}/inner")
        person.click("button")
        wait_until_judged(person, INNER)
        assert (len(person.cookies(INNER)), person.chrome(behaviour)) == (2, 1)
    with running_firefox.anew(**ENFORCED) as person:
        assert (person.cookies(INNER), person.chrome(behaviour)) == ([], 5)
        assert not is_judged(person, INNER)


def test_it_reaches_nothing_beyond_loopback(new_firefox: NewFirefox) -> None:
    with pytest.raises(FirefoxError, match="proxyConnectFailure"):
        new_firefox().open("http://example.org/")


def test_a_person_signs_in_by_redirect(
    new_firefox: NewFirefox, port: int, migrated_sqlite: Path, tmp_path: Path
) -> None:
    callback = f"http://{OUTER}:{port}/callback"
    registry = REGISTRY.format(origin=f"http://{OUTER}:{port}")
    with (
        gateway_with(registry, migrated_sqlite, tmp_path) as issuer,
        OAuth2Session(
            "portail", redirect_uri=callback, scope="openid organization", code_challenge_method="S256"
        ) as rp,
    ):
        verifier = secrets.token_urlsafe(48)
        address, state = rp.create_authorization_url(f"{issuer}/authorize", code_verifier=verifier)
        person = new_firefox()
        person.open(address)
        person.fill(TRIPLET)
        person.click("#sign-in [type=submit]")
        arrived = person.arrive(callback)
        tokens = rp.fetch_token(f"{issuer}/token", authorization_response=arrived, code_verifier=verifier, state=state)
        assert rp.get(f"{issuer}/userinfo").json()["siret"] == "99900037500017"
        assert tokens["id_token"]
        assert "mire_sid" in [cookie["name"] for cookie in person.cookies(INNER)]
