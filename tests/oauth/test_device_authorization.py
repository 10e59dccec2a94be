"""Device authorization (RFC 8628): two codes, one person, one grant."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from markupsafe import escape
from sqlalchemy import select

from idp.domain.platform.instants import MINUTE, SECOND
from idp.domain.platform.limits import RULES, Limit, LimitRule
from idp.domain.portals.clients import ClientAuthentication, GrantType
from idp.domain.portals.encryption import KeyManagement
from idp.store.database import Database
from idp.store.platform.audit import audit_events
from idp.store.portals.device_authorizations import device_authorizations
from idp.store.sign_in.sessions import sessions
from idp.usecases.platform.housekeeping import delete_everything_expired
from tests.oauth.conftest import SECRET, basic, secret
from tests.oauth.decryption import decrypted, new_key, public_jwk
from tests.pages import token_of
from tests.portals import ISSUER, Browser, Gateway, gateway, location, portal
from tests.statements import counted

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
GRANTS = frozenset({GrantType.DEVICE_CODE, GrantType.REFRESH_TOKEN})

KEY, ECDH = new_key("P-256"), KeyManagement.ECDH_ES_A256KW


@pytest.fixture
def at(database: Database) -> Gateway:
    public: dict[str, Any] = {"token_endpoint_auth_method": ClientAuthentication.NONE, "grant_types": GRANTS}
    return gateway(
        database,
        portal("kiosk", client_name="La borne", **public),
        portal("other", **public),
        portal("discreet", jwks={"keys": [public_jwk(KEY)]}, id_token_encrypted_response_alg=ECDH, **public),
        portal("terminal", secrets=(secret(SECRET),), grant_types=frozenset(GrantType)),
        portal("web", token_endpoint_auth_method=ClientAuthentication.NONE),
    )


@pytest.fixture
def browser(at: Gateway) -> Browser:
    browser = at.browser()
    browser.has_session()
    return browser


def begin(at: Gateway, client_id: str = "kiosk", **more: str) -> Any:
    form = {"client_id": client_id, "scope": "openid email", **more}
    return at.app.test_client().post("/device_authorization", data=form).json


def poll(at: Gateway, codes: Any, client_id: str = "kiosk") -> Any:
    form = {"grant_type": GRANT, "device_code": codes["device_code"], "client_id": client_id}
    return at.app.test_client().post("/token", data=form)


def press(browser: Browser, code: str, decision: str) -> Any:
    page = browser.http.get("/device", query_string={"user_code": code})
    form = {"form_token": token_of(page, "/device"), "user_code": code}
    shown = browser.http.post("/device", data=form)
    assert code in shown.text
    return browser.http.post("/device", data={**form, "decision": decision})


def approve(browser: Browser, codes: Any) -> Any:
    return browser.http.get(location(press(browser, codes["user_code"], "allow")))


def told(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json.get("error", "")


def test_a_device_gets_two_codes(at: Gateway) -> None:
    """RFC 8628 section 3.2, and section 6.1 for the letters."""
    codes = begin(at)
    assert {
        "device_code",
        "user_code",
        "verification_uri",
        "verification_uri_complete",
        "expires_in",
        "interval",
    } == set(codes)
    assert set(codes["user_code"].replace("-", "")) <= set("BCDFGHJKLMNPQRSTVWXZ")
    assert (9, 600, 5) == (len(codes["user_code"]), codes["expires_in"], codes["interval"])
    assert "unauthorized_client" == begin(at, "web")["error"]


def test_a_person_approves_and_the_device_gets_tokens_once(at: Gateway, browser: Browser) -> None:
    """RFC 8628 sections 3.3 to 3.5."""
    codes = begin(at)
    assert (400, "authorization_pending") == told(poll(at, codes))
    assert location(approve(browser, codes)).startswith("/device/approved")
    given = poll(at, codes)
    assert 200 == given.status_code
    assert {"access_token", "id_token", "refresh_token"} <= set(given.json)
    assert (400, "invalid_grant") == told(poll(at, codes))
    bearer = {"Authorization": f"Bearer {given.json['access_token']}"}
    assert 200 == at.app.test_client().get("/userinfo", headers=bearer).status_code, "a second poll ends nothing"


def test_a_session_is_asked_for_by_the_one_sign_in_path(at: Gateway) -> None:
    stranger, codes = at.browser(), begin(at)
    assert location(approve(stranger, codes)).startswith("/sign-in?t=")


def test_a_person_refuses(at: Gateway, browser: Browser) -> None:
    """RFC 8628 section 3.5: access_denied."""
    codes = begin(at)
    assert location(press(browser, codes["user_code"], "refuse")).startswith("/device/denied")
    assert (400, "access_denied") == told(poll(at, codes))
    with at.deps.read() as connection:
        assert ["device.denied"] == list(connection.execute(select(audit_events.c.event)).scalars())


def test_the_page_says_which_software_asks_for_what(at: Gateway, browser: Browser) -> None:
    """RFC 8628 section 5.4: remote phishing."""
    codes = begin(at)
    page = browser.http.get("/device", query_string={"user_code": codes["user_code"]})
    assert "La borne" not in page.text, "a GET looks nothing up"
    form = {"form_token": token_of(page, "/device"), "user_code": codes["user_code"].lower().replace("-", " ")}
    text = browser.http.post("/device", data=form).text
    for shown in ("La borne", codes["user_code"], "adresse électronique"):
        assert shown in text


def test_polling_too_fast_is_slowed_down(at: Gateway) -> None:
    """RFC 8628 section 3.5: the interval grows by five seconds, and stays."""
    codes, clock = begin(at), at.deps.clock
    assert (400, "authorization_pending") == told(poll(at, codes))
    assert (400, "slow_down") == told(poll(at, codes))
    clock.advance(9 * SECOND)  # type: ignore[attr-defined]
    assert (400, "slow_down") == told(poll(at, codes))
    clock.advance(15 * SECOND)  # type: ignore[attr-defined]
    assert (400, "authorization_pending") == told(poll(at, codes))


def test_codes_expire_and_leave(at: Gateway) -> None:
    """RFC 8628 section 3.5: expired_token; housekeeping removes the row later."""
    codes = begin(at)
    at.deps.clock.advance(10 * MINUTE)  # type: ignore[attr-defined]
    assert (400, "expired_token") == told(poll(at, codes))
    at.deps.clock.advance(10 * MINUTE)  # type: ignore[attr-defined]
    delete_everything_expired(at.deps)
    with at.deps.read() as connection:
        assert not connection.execute(select(device_authorizations)).all()
    assert (400, "invalid_grant") == told(poll(at, codes))


def test_a_device_code_is_only_for_its_client(at: Gateway, browser: Browser) -> None:
    codes = begin(at)
    approve(browser, codes)
    assert (400, "invalid_grant") == told(poll(at, codes, "other"))
    assert 200 == poll(at, codes).status_code, "the control"


def test_sixteen_polls_give_one_grant(at: Gateway, browser: Browser) -> None:
    codes = begin(at)
    approve(browser, codes)
    with ThreadPoolExecutor(16) as pool:
        statuses = [answer.status_code for answer in pool.map(lambda _: poll(at, codes), range(16))]
    assert [200] + [400] * 15 == sorted(statuses)


def test_guessing_user_codes_is_throttled(at: Gateway, browser: Browser) -> None:
    """RFC 8628 section 5.1."""
    page = browser.http.get("/device")
    form = {"form_token": token_of(page, "/device"), "user_code": "BCDF-GHJK"}
    statuses = [browser.http.post("/device", data=form).status_code for _ in range(13)]
    assert [200] * 12 + [429] == statuses


def test_a_device_code_is_no_authorization_code(at: Gateway, browser: Browser) -> None:
    """RFC 8628 section 3.4: one grant type each. The control: as a device code it is good afterwards."""
    web = at.app.test_client()
    proof = basic("terminal")
    codes: Any = web.post("/device_authorization", data={"scope": "openid"}, headers=proof).json
    approve(browser, codes)
    as_code = {"grant_type": "authorization_code", "code": codes["device_code"], "redirect_uri": f"{ISSUER}/device"}
    assert told(web.post("/token", data=as_code, headers=proof)) == (400, "invalid_grant")
    form = {"grant_type": GRANT, "device_code": codes["device_code"]}
    assert web.post("/token", data=form, headers=proof).status_code == 200


def given(at: Gateway, browser: Browser, **more: str) -> Any:
    codes = begin(at, **more)
    approve(browser, codes)
    return poll(at, codes).json


def refreshed(at: Gateway, token: str) -> Any:
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "kiosk"}
    return at.app.test_client().post("/token", data=form)


def test_what_a_device_got_is_refreshed_and_dies_with_the_session(at: Gateway, browser: Browser) -> None:
    """OpenID Connect Core 11: without offline_access it lives as long as the person's session."""
    first = refreshed(at, given(at, browser)["refresh_token"])
    assert 200 == first.status_code
    end_sessions(at)
    assert (400, "invalid_grant") == told(refreshed(at, first.json["refresh_token"]))


def test_a_device_that_is_to_stay_connected_needs_a_consent(at: Gateway, browser: Browser) -> None:
    """OpenID Connect Core 11: offline access asks the person, and outlives the session."""
    codes = begin(at, scope="openid offline_access")
    consent = location(approve(browser, codes))
    assert consent.startswith("/consent?t=")
    assert (400, "authorization_pending") == told(poll(at, codes)), "pressing Allow is not yet the consent"
    page = browser.http.get(consent)
    form = {"form_token": token_of(page, "/consent"), "decision": "allow"}
    done = browser.http.post(consent, data=form)
    assert location(browser.http.get(location(done))).startswith("/device/approved")
    token = poll(at, codes).json["refresh_token"]
    end_sessions(at)
    assert 200 == refreshed(at, token).status_code


def test_a_closed_session_between_the_two_answers_gives_nothing(at: Gateway, browser: Browser) -> None:
    """The grant of a session that has ended is none. The control is the test above."""
    codes = begin(at)
    approve(browser, codes)
    end_sessions(at)
    assert (400, "invalid_grant") == told(poll(at, codes))


def test_a_device_that_keeps_a_secret_proves_it(at: Gateway, browser: Browser) -> None:
    """RFC 8628 section 3.1: client authentication as at the token endpoint."""
    web = at.app.test_client()
    refused = web.post("/device_authorization", data={"client_id": "terminal", "scope": "openid"})
    assert (401, "invalid_client") == told(refused)
    codes: Any = web.post("/device_authorization", data={"scope": "openid"}, headers=basic("terminal")).json
    approve(browser, codes)
    assert (401, "invalid_client") == told(poll(at, codes, "terminal"))
    form = {"grant_type": GRANT, "device_code": codes["device_code"]}
    assert 200 == web.post("/token", data=form, headers=basic("terminal")).status_code


def test_nobody_fills_the_table_of_codes_from_one_network(at: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 8628 section 5.2: a public client proves nothing, so its network pays; one that proves itself does not."""
    monkeypatch.setitem(RULES, Limit.REQUESTS, LimitRule(free=2, window=10 * MINUTE))
    web, form = at.app.test_client(), {"client_id": "kiosk", "scope": "openid"}
    answers = [web.post("/device_authorization", data=form) for _ in range(3)]
    assert [200, 200, 429] == [answer.status_code for answer in answers]
    assert "600" == answers[-1].headers["Retry-After"]
    with at.deps.read() as connection:
        assert 2 == len(connection.execute(select(device_authorizations)).all())
    proven = web.post("/device_authorization", data={"scope": "openid"}, headers=basic("terminal"))
    assert 200 == proven.status_code


def test_each_device_page_shows_its_own_code(at: Gateway, browser: Browser) -> None:
    """The pages are kept ready, and a code may be any text: the first one here stands in the page's own example."""
    for typed in ("BCDF-GHJK", "", '"><b>', "CDFG-HJKL"):
        page = browser.http.get("/device", query_string={"user_code": typed}).text
        assert f'name="user_code" value="{escape(typed)}"' in page
        assert page.count("par exemple BCDF-GHJK") == 1
    for codes in (begin(at), begin(at)):
        assert "/device/approved" in location(approve(browser, codes))


def test_what_a_device_costs(at: Gateway, browser: Browser) -> None:
    """Nothing is written twice, and nothing is read that is known."""
    with counted(at.deps.database) as asking:
        codes = begin(at)
    with counted(at.deps.database) as early:
        poll(at, codes)
    with counted(at.deps.database) as approving:
        approve(browser, codes)
    with counted(at.deps.database) as fetching:
        assert 200 == poll(at, codes).status_code
    assert (2, 2, 13, 5) == tuple(map(len, (asking, early, approving, fetching)))


def end_sessions(at: Gateway) -> None:
    with at.deps.transaction() as connection:
        connection.execute(sessions.update().values(ended_at=at.deps.clock.now()))


def test_a_devices_id_token_is_encrypted_too(at: Gateway, browser: Browser) -> None:
    """OpenID Connect Core section 10.2: to the client's key, whatever the grant."""
    codes = begin(at, "discreet")
    approve(browser, codes)
    header, inner = decrypted(poll(at, codes, "discreet").json["id_token"], KEY)
    assert ("JWT", 2) == (header["cty"], inner.count("."))
