"""Step-up challenges (RFC 9470): userinfo, the registry's resources, and the code of the how-to page as written."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import update

from idp.adapters.clock import QuietClock
from idp.domain.platform.instants import SECOND
from idp.domain.portals.clients import Resource
from idp.domain.portals.portal_rules import PortalRules
from idp.domain.portals.step_up import RequiredSignIn
from idp.domain.sign_in.assurance import Acr
from idp.store.database import Database
from idp.store.sign_in.sessions import sessions
from tests.oauth.conftest import SECRET, basic, secret
from tests.portals import CALLBACK, Browser, Gateway, error, gateway, location, members, portal, step, transaction
from tests.statements import counted

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "ask-for-a-stronger-sign-in.md"
BANK, PLAIN = "https://banque.example.fr/api", "https://simple.example.fr/api"
SECRETS = (secret(SECRET),)
PORTAL = portal(secrets=SECRETS)
OWNER = portal("owner", secrets=SECRETS)
RESOURCES = tuple(
    Resource(address, "owner", clients=frozenset({"portail"}), required_acr=acr, max_age=age)
    for address, acr, age in ((BANK, Acr.EIDAS1, 300), (PLAIN, None, None))
)
DEMANDING = PortalRules(userinfo=RequiredSignIn(Acr.EIDAS1, 60))


@pytest.fixture
def at(database: Database) -> Gateway:
    return gateway(database, PORTAL, OWNER, resources=RESOURCES, portal_rules=DEMANDING)


@pytest.fixture
def browser(at: Gateway) -> Browser:
    browser = at.browser()
    browser.has_session()
    return browser


def passes(at: Gateway, seconds: int) -> None:
    cast(QuietClock, at.deps.clock).advance(seconds * SECOND)


def signs_in_anew(at: Gateway, browser: Browser, sent: Any) -> Any:
    """The same account proves itself again; what the portal is then told."""
    with at.deps.transaction() as connection:
        connection.execute(update(sessions).values(auth_time=at.deps.clock.now(), last_seen_at=at.deps.clock.now()))
    browser.signs_in(transaction(sent))
    return browser.resume(transaction(sent))


def reaches_only_eidas0(at: Gateway) -> None:
    with at.deps.transaction() as connection:
        connection.execute(update(sessions).values(acr="eidas0"))


def token(at: Gateway, answer: Any, **form: str) -> str:
    form = {"grant_type": "authorization_code", "code": members(answer)["code"], "redirect_uri": CALLBACK, **form}
    given = at.app.test_client().post("/token", data=form, headers=basic("portail"))
    return str(cast(Any, given.json)["access_token"])


def userinfo(at: Gateway, text: str) -> Any:
    return at.app.test_client().get("/userinfo", headers={"Authorization": f"Bearer {text}"})


def introspection(at: Gateway, text: str) -> dict[str, Any]:
    answer = at.app.test_client().post("/introspect", data={"token": text}, headers=basic("owner"))
    return cast(dict[str, Any], answer.json)


def written(at: Gateway) -> dict[str, Any]:
    """What the page's Python defines, run as it is written there, at the time of this test."""
    names: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
        exec(code, names)
    names["time"] = SimpleNamespace(time=lambda: at.deps.clock.now() / SECOND)
    return names


def test_userinfo_asks_for_a_newer_sign_in_and_is_satisfied_by_one(at: Gateway, browser: Browser) -> None:
    """RFC 9470 sections 3 and 4: 401, the error, and what would do; the way round ends."""
    text = token(at, browser.authorize())
    assert userinfo(at, text).status_code == 200, "the control"
    passes(at, 60)
    refused = userinfo(at, text)
    assert (401, "insufficient_user_authentication") == (refused.status_code, refused.json["error"])
    said = refused.headers["WWW-Authenticate"]
    assert said.startswith('Bearer realm="userinfo", error="insufficient_user_authentication", error_description="The ')
    assert 'acr_values="eidas1", max_age="60"' in said.split("DPoP")[0]
    asked = written(at)["stronger"]({"scope": "openid"}, said)
    assert asked == {"scope": "openid", "acr_values": "eidas1", "max_age": "60"}
    again = browser.authorize(**asked)
    assert step(again) == "/sign-in"
    assert userinfo(at, token(at, signs_in_anew(at, browser, again))).status_code == 200


def test_userinfo_asks_for_a_higher_level(at: Gateway, browser: Browser) -> None:
    """RFC 9470 section 3."""
    reaches_only_eidas0(at)
    refused = userinfo(at, token(at, browser.authorize()))
    assert (401, "insufficient_user_authentication") == (refused.status_code, refused.json["error"])


def test_a_token_that_does_not_hold_is_invalid_first(at: Gateway, browser: Browser) -> None:
    """RFC 9470 section 3: the challenge is for tokens that are good otherwise."""
    text = token(at, browser.authorize())
    passes(at, 60)
    form = {"token": text}
    assert at.app.test_client().post("/revoke", data=form, headers=basic("portail")).status_code == 200
    assert userinfo(at, text).json["error"] == "invalid_token"


def test_a_demand_costs_userinfo_no_statement(at: Gateway, browser: Browser) -> None:
    text = token(at, browser.authorize())
    with counted(at.deps.database) as sent:
        assert userinfo(at, text).status_code == 200
    assert len(sent) <= 2


def test_what_a_named_resource_wants_is_asked_at_once(at: Gateway, browser: Browser) -> None:
    """RFC 9470 section 4, without a first refusal; the control is the resource that wants nothing."""
    passes(at, 300)
    assert "code" in members(browser.authorize(resource=PLAIN))
    sent = browser.authorize(resource=BANK)
    assert step(sent) == "/sign-in"
    assert error(browser.authorize(resource=BANK, prompt="none")) == "login_required"
    answer = signs_in_anew(at, browser, sent)
    told = introspection(at, token(at, answer, resource=BANK))
    assert (told["active"], told["acr"], told["auth_time"]) == (True, "eidas1", at.deps.clock.now() // SECOND)


def test_the_strictest_demand_counts(at: Gateway, browser: Browser) -> None:
    passes(at, 100)
    assert "code" in members(browser.authorize(resource=BANK, max_age="4000"))
    assert step(browser.authorize(resource=BANK, max_age="100")) == "/sign-in"


def test_a_level_that_is_not_reached_is_refused_with_its_own_error(at: Gateway, browser: Browser) -> None:
    """RFC 9470 section 5; OpenID Connect Core Error Code unmet_authentication_requirements 1.0."""
    reaches_only_eidas0(at)
    assert error(browser.authorize(resource=BANK)) == "unmet_authentication_requirements"
    essential = '{"id_token": {"acr": {"essential": true, "value": "eidas0"}}}'
    assert error(browser.authorize(resource=BANK, claims=essential)) == "unmet_authentication_requirements"
    assert "code" in members(browser.authorize(resource=PLAIN, claims=essential))


def test_without_naming_it_the_wish_is_voluntary_and_the_token_tells(at: Gateway, browser: Browser) -> None:
    """RFC 9470 sections 5 and 6.2: the acr that was reached is in the token and its introspection."""
    reaches_only_eidas0(at)
    told = introspection(at, token(at, browser.authorize(acr_values="eidas1", scope="email"), resource=BANK))
    assert told["acr"] == "eidas0"


def test_the_token_itself_says_acr_and_auth_time(at: Gateway, browser: Browser) -> None:
    """RFC 9470 section 6.1, RFC 9068 section 2.2.1."""
    claims = at.deps.signer.verify(token(at, browser.authorize(resource=BANK), resource=BANK), typ="at+jwt")
    assert claims is not None
    assert (claims["acr"], claims["auth_time"]) == ("eidas1", at.deps.clock.now() // SECOND)


def test_a_refresh_makes_no_sign_in_newer(at: Gateway, browser: Browser) -> None:
    """RFC 9470 section 4: only an active sign-in does; refreshing is no way round."""
    code = members(browser.authorize(resource=BANK))["code"]
    web, form = at.app.test_client(), {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    given = cast(Any, web.post("/token", data=form, headers=basic("portail")).json)
    began = at.deps.clock.now() // SECOND
    passes(at, 400)
    form = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"], "resource": BANK}
    fresh = cast(Any, web.post("/token", data=form, headers=basic("portail")).json)["access_token"]
    told = introspection(at, fresh)
    assert told["auth_time"] == began
    assert 'max_age="300"' in written(at)["challenge"](told, max_age=300)


def test_the_page_of_the_api_runs_as_written(at: Gateway, browser: Browser) -> None:
    """The how-to page: the API challenges, the portal asks again, the API is satisfied."""
    challenge, stronger = written(at)["challenge"], written(at)["stronger"]
    told = introspection(at, token(at, browser.authorize(resource=PLAIN), resource=PLAIN))
    assert challenge(told, ["eidas1"], 60) == ""
    passes(at, 60)
    said = challenge(told, ["eidas1"], 60)
    assert said.startswith('Bearer error="insufficient_user_authentication"')
    assert 'acr_values="eidas2 eidas3"' in challenge(told, ["eidas2", "eidas3"])
    assert challenge({"sub": "machine"}, max_age=60) != ""
    again = browser.authorize(**stronger({"resource": PLAIN}, said))
    assert step(again) == "/sign-in"
    told = introspection(at, token(at, signs_in_anew(at, browser, again), resource=PLAIN))
    assert challenge(told, ["eidas1"], 60) == ""
    assert stronger({}, 'Bearer error="invalid_token"') is None
    assert location(again)


def test_the_levels_that_can_be_asked_are_announced(at: Gateway) -> None:
    """RFC 9470 section 7."""
    told = cast(Any, at.app.test_client().get("/.well-known/openid-configuration").json)
    assert told["acr_values_supported"] == ["eidas0", "eidas1"]
