"""From the frame to the top level: one ticket, once, from our own form, in a browser that has seen us."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from idp.domain.people.password_hashes import cost_of
from idp.domain.platform.audit_events import AuditEvent
from idp.domain.sign_in.assurance import Acr
from tests.rows import make_account
from tests.web.portals.conftest import ISSUER, NAVIGATION, ORIGIN, PASSWORD, SHOWN, Visitor, answered, tx_of
from tests.web.sign_in.conftest import trail

TOM = {"siret": "97050551700072", "family_name": "sawyer", "given_name": "Claire"}


def known_tom(visitor: Visitor) -> None:
    stored = visitor.deps.hasher.hash(PASSWORD)
    make_account(visitor.deps, "Sawyer", siret=TOM["siret"], password_hash=stored, password_cost=cost_of(stored))


def id_token(visitor: Visitor, code: str) -> dict[str, object]:
    tokens = visitor.redeem(code)
    assert tokens.status_code == 200, tokens.text
    payload = tokens.json["id_token"].split(".")[1]
    claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def signed_in(visitor: Visitor, keep: str = "yes") -> dict[str, str]:
    """All the way to the portal."""
    confirmed = visitor.confirm(visitor.hand_over(visitor.ticket()), keep)
    return answered(visitor.client.get(confirmed.headers["Location"]))


def test_a_framed_sign_in_ends_at_the_redirect_uri_with_a_session(visitor: Visitor) -> None:
    """Widget case 1, by plain HTTP."""
    came = signed_in(visitor)
    assert (came["state"], came["iss"]) == ("state-1", ISSUER)
    claims = id_token(visitor, came["code"])
    assert (claims["nonce"], claims["channel"], claims["acr"], claims["amr"]) == ("nonce-1", "frame", "eidas1", ["pwd"])
    assert visitor.cookie("mire_sid")
    assert visitor.cookie("mire_device")
    again = visitor.authorize()
    assert answered(again)["state"] == "state-1"  # single sign-on


def test_the_first_time_a_page_of_ours_is_shown(visitor: Visitor) -> None:
    """Widget case 13: a click at our own address keeps browsers from deleting the session as a bounce tracker's."""
    first = visitor.hand_over(visitor.ticket())
    assert first.headers["Location"].startswith("/widget/continue?t=")
    visitor.confirm(first)
    assert visitor.cookie("mire_seen") == "1"
    second = visitor.hand_over(visitor.ticket())
    assert second.headers["Location"].startswith("/authorize/resume?t=")
    assert answered(visitor.client.get(second.headers["Location"]))["code"]


def test_a_sign_in_on_our_page_is_a_click_too(visitor: Visitor) -> None:
    page = visitor.client.get("/widget/page", query_string={"tx": visitor.tx()})
    form = visitor.client.get(visitor.client.get(page.headers["Location"]).headers["Location"])
    token = form.text.partition('name="form_token" value="')[2].partition('"')[0]
    action = form.text.partition('action="/sign-in?')[2].partition('"')[0].replace("&amp;", "&")
    typed = {"siret": "99900037500017", "family_name": "MOUTIN", "given_name": "CLAIRE", "password": PASSWORD}
    visitor.client.post(f"/sign-in?{action}", data={**typed, "form_token": token})
    assert visitor.cookie("mire_seen") == "1"


def test_whoever_does_not_stay_signed_in_reaches_this_portal_only(visitor: Visitor) -> None:
    """A shared computer: the code is given, and no cookie of a session or device."""
    came = signed_in(visitor, keep="no")
    claims = id_token(visitor, came["code"])
    assert claims["channel"] == "frame"
    assert (visitor.cookie("mire_sid"), visitor.cookie("mire_device")) == ("", "")
    again = visitor.authorize()
    assert again.headers["Location"].startswith("/sign-in?")


@pytest.mark.parametrize(
    "changed",
    [
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": ORIGIN}, {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Dest": "iframe"}, {"Sec-Fetch-Mode": "cors"},
    ],
    ids=lambda changed: " ".join(f"{name}={value}" for name, value in changed.items()),
)  # fmt: skip
def test_a_ticket_from_elsewhere_is_refused_and_stays_good(visitor: Visitor, changed: dict[str, str]) -> None:
    """Widget case 33: login CSRF. The control: the same ticket by our own form is accepted."""
    ticket = visitor.ticket()
    refused = visitor.hand_over(ticket, {**NAVIGATION, **changed})
    assert (refused.status_code, refused.headers.getlist("Set-Cookie")) == (403, [])
    assert AuditEvent.HAND_OVER_REFUSED in trail(visitor.deps)
    assert visitor.hand_over(ticket).status_code == 303


def test_a_ticket_serves_once(visitor: Visitor) -> None:
    """Widget case 33."""
    ticket = visitor.ticket()
    assert visitor.hand_over(ticket).status_code == 303
    assert visitor.hand_over(ticket).status_code == 403


def test_a_ticket_lives_a_minute(visitor: Visitor) -> None:
    """Widget case 33."""
    ticket = visitor.ticket()
    visitor.wait(visitor.deps.lifetimes.hand_over_ticket)
    assert visitor.hand_over(ticket).status_code == 403


def test_a_get_spends_nothing(visitor: Visitor) -> None:
    """Widget case 33."""
    ticket = visitor.ticket()
    assert visitor.client.get("/widget/handover", query_string={"ticket": ticket}).status_code == 405
    assert visitor.hand_over(ticket).status_code == 303


def test_a_taken_sign_in_is_of_the_browser_that_came_with_it(visitor: Visitor) -> None:
    """The page to continue opens in no other browser."""
    address = visitor.hand_over(visitor.ticket()).headers["Location"]
    assert visitor.app.test_client().get(address).status_code == 403
    assert visitor.client.get(address).status_code == 200


def test_a_frame_is_worthless_once_its_top_level_goes_on(visitor: Visitor) -> None:
    tx = visitor.tx()
    assert visitor.client.get("/widget/page", query_string={"tx": tx}).status_code == 303
    assert visitor.submit(tx).json["error"] == "expired"


def test_a_session_of_this_browser_continues_from_the_frame(visitor: Visitor) -> None:
    """« Continuer avec ma session »: no password, whatever third-party cookies the browser blocks."""
    signed_in(visitor)
    there = visitor.client.get("/widget/page", query_string={"tx": visitor.tx()})
    assert answered(visitor.client.get(there.headers["Location"]))["code"]


def test_another_persons_session_is_not_replaced_unasked(visitor: Visitor) -> None:
    """Widget case 13: also in a browser that has seen us."""
    known_tom(visitor)
    signed_in(visitor)
    handed = visitor.hand_over(visitor.submit(visitor.tx(), **TOM).json["ticket"])
    page = visitor.client.get(handed.headers["Location"])
    assert "Une autre personne est connectée" in page.text
    assert SHOWN in page.text
    visitor.confirm(handed)
    assert AuditEvent.SESSION_ENDED in trail(visitor.deps)


def test_the_same_persons_session_goes_on(visitor: Visitor) -> None:
    """Portals that joined it stay joined: one sign-out ends all."""
    signed_in(visitor)
    visitor.hand_over(visitor.ticket())
    with visitor.deps.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sessions").scalar() == 1


def test_a_changed_account_ends_what_was_handed_over(visitor: Visitor) -> None:
    """A password changed between frame and top level wins."""
    handed = visitor.hand_over(visitor.ticket())
    visitor.wait(1)
    with visitor.deps.transaction() as connection:
        connection.exec_driver_sql(f"UPDATE accounts SET valid_from = {visitor.deps.clock.now()}")
    confirmed = visitor.confirm(handed)
    assert visitor.cookie("mire_sid") == ""
    assert visitor.client.get(confirmed.headers["Location"]).headers["Location"].startswith("/sign-in?")


def test_a_framed_password_reaches_the_ceiling_at_most(visitor: Visitor) -> None:
    visitor.registry.change_widget(acr_ceiling=Acr.EIDAS0)
    assert id_token(visitor, signed_in(visitor)["code"])["acr"] == "eidas0"


def test_what_the_ceiling_forbids_is_asked_for_on_our_page(visitor: Visitor) -> None:
    """An essential acr above it: the password is asked again where its address can be seen."""
    visitor.registry.change_widget(acr_ceiling=Acr.EIDAS0)
    essential = json.dumps({"id_token": {"acr": {"essential": True, "values": ["eidas1"]}}})
    confirmed = visitor.confirm(visitor.hand_over(visitor.ticket(claims=essential)))
    there = visitor.client.get(confirmed.headers["Location"])
    assert there.headers["Location"].startswith("/sign-in?t=")


def test_a_message_carries_code_state_and_issuer_and_leaves_no_session(visitor: Visitor) -> None:
    """Widget case 2, by plain HTTP."""
    told = visitor.message(visitor.accepted(response_mode="web_message"))
    response = told.json["response"]
    assert (response["state"], response["iss"]) == ("state-1", ISSUER)
    assert told.headers.getlist("Set-Cookie") == []
    assert id_token(visitor, response["code"])["channel"] == "frame"
    assert visitor.redeem(response["code"]).json["error"] == "invalid_grant"


def test_a_message_is_for_requests_that_asked_for_one(visitor: Visitor) -> None:
    assert visitor.message(visitor.accepted()).json["error"] == "expired"


def test_a_ticket_of_a_message_serves_once(visitor: Visitor) -> None:
    accepted = visitor.accepted(response_mode="web_message")
    assert visitor.message(accepted).json["status"] == "ok"
    assert visitor.message(accepted).json["error"] == "expired"


def test_at_the_top_level_a_message_becomes_a_redirect(visitor: Visitor) -> None:
    """The fallback link of a widget that ends with a message: nobody waits for it there."""
    signed_in(visitor)
    assert answered(visitor.authorize(response_mode="web_message"))["code"]


@pytest.mark.parametrize("allowed", [True, False])
def test_a_popup_gets_its_message_where_it_was_registered(visitor: Visitor, allowed: bool) -> None:
    signed_in(visitor)
    visitor.registry.change_widget(popup=allowed)
    uri = visitor.request_uri(response_mode="web_message")
    asked = {"client_id": "portail", "request_uri": uri, "display": "popup"}
    page = visitor.client.get("/authorize", query_string=asked)
    assert (page.status_code, f'data-origin="{ORIGIN}"' in page.text) == ((200, True) if allowed else (303, False))


@pytest.mark.parametrize("pushed", [True, False])
def test_a_script_in_the_page_cannot_ask_for_a_message_by_itself(visitor: Visitor, pushed: bool) -> None:
    """Only the partner's back end pushes, and only it has the verifier; a hidden frame gets nothing from a session."""
    visitor.registry.change_widget(popup=True)
    signed_in(visitor)
    asked = visitor.asked(response_mode="web_message", prompt="none", display="popup", widget_origin="")
    if pushed:  # the control
        asked = {"client_id": "portail", "request_uri": visitor.request_uri(**asked), "display": "popup"}
    answer = visitor.client.get("/authorize", query_string=asked)
    assert (b'name="code"' in answer.data) is pushed


def test_a_message_needs_the_right_to_one(visitor: Visitor) -> None:
    """`completion: redirect` is the default: a page that may not have the code is refused when it asks."""
    visitor.registry.change_widget(completion="redirect")
    pushed = visitor.push(response_mode="web_message")
    assert (pushed.status_code, pushed.json["error"]) == (400, "invalid_request")


def test_consent_is_asked_at_the_top_level(visitor: Visitor) -> None:
    """Also of somebody who keeps no session: the page knows who is signed in in this transaction."""
    visitor.registry.client = replace(visitor.registry.client, require_consent=True)
    confirmed = visitor.confirm(visitor.hand_over(visitor.ticket()), "no")
    there = visitor.client.get(confirmed.headers["Location"]).headers["Location"]
    assert there.startswith("/consent?")
    assert visitor.client.get(there).status_code == 200


def test_a_message_that_needs_consent_leads_to_the_page(visitor: Visitor) -> None:
    visitor.registry.client = replace(visitor.registry.client, require_consent=True)
    answer = visitor.submit(tx_of(visitor.frame(visitor.request_uri(response_mode="web_message"))))
    told = visitor.message(answer.json).json
    assert (told["status"], told["error"]) == ("top", "interaction_required")
    there = visitor.client.get(answer.json["page"]).headers["Location"]
    assert visitor.client.get(there).headers["Location"].startswith("/sign-in?")  # nobody came along


def frame_secret(tx: str) -> str:
    return tx.split(".")[1]


def test_a_frames_secret_is_no_browser_cookie(visitor: Visitor) -> None:
    """A program forges every header: with the frame's secret as its cookie it would keep the frame's link alive, and
    carry its own sign-in into the browser of whoever opens it."""
    accepted = visitor.accepted()
    program = visitor.app.test_client()
    program.set_cookie("__Host-mire_browser", frame_secret(accepted["tx"]), domain="connexion.example.fr", secure=True)
    taken = program.post("/widget/handover", data={"ticket": accepted["ticket"]}, headers=NAVIGATION)
    assert taken.status_code == 303
    assert visitor.client.get(accepted["page"]).status_code == 404
    assert program.get(taken.headers["Location"]).status_code == 200  # the control: the program itself may go on


@pytest.mark.parametrize("mode", ["", "web_message"])
def test_who_opens_the_link_of_a_frame_gets_the_request_and_nobody(visitor: Visitor, mode: str) -> None:
    """Login CSRF: the attacker's password was right in a frame, and the victim opens that frame's link."""
    accepted = visitor.accepted(response_mode=mode)
    victim = visitor.app.test_client()
    there = victim.get(accepted["page"]).headers["Location"]
    assert victim.get(there).headers["Location"].startswith("/sign-in?")
    late = visitor.message(accepted) if mode else visitor.hand_over(accepted["ticket"])
    assert late.status_code == 403
    assert victim.get(there).headers["Location"].startswith("/sign-in?")
    control = visitor.accepted(response_mode=mode)
    assert (visitor.message(control) if mode else visitor.hand_over(control["ticket"])).status_code in (200, 303)


def test_a_message_that_may_not_be_spends_nothing(visitor: Visitor) -> None:
    """Checked before anything is done: the ticket of a redirect stays good, and no session begins."""
    accepted = visitor.accepted()
    assert visitor.message(accepted).status_code == 403
    with visitor.deps.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sessions").scalar() == 0
    assert visitor.hand_over(accepted["ticket"]).status_code == 303


def test_a_message_is_for_the_frame_that_has_the_ticket(visitor: Visitor) -> None:
    one, other = (visitor.accepted(response_mode="web_message") for _ in range(2))
    assert visitor.message({**one, "tx": other["tx"]}).status_code == 403
    assert visitor.message(other).status_code == 200


def test_a_shared_computer_asks_the_next_person_too(visitor: Visitor) -> None:
    """Whoever kept no session has not chosen for those who come after."""
    signed_in(visitor)
    assert visitor.hand_over(visitor.ticket()).headers["Location"].startswith("/authorize/resume?")  # the control
    for name in ("mire_sid", "mire_seen"):
        visitor.client.delete_cookie(f"__Host-{name}", domain="connexion.example.fr")
    signed_in(visitor, keep="no")
    assert visitor.hand_over(visitor.ticket()).headers["Location"].startswith("/widget/continue?")


@pytest.mark.parametrize("path", ["/widget/page?tx=a.b.c&client_id=portail", "/widget/continue?t=x&client_id=portail"])
def test_a_link_that_is_over_says_where_to_start_again(visitor: Visitor, path: str) -> None:
    page = visitor.client.get(path)
    assert (page.status_code, f'href="{ORIGIN}/' in page.text) == (404, True)


@pytest.mark.parametrize("path", ["/widget/page", "/widget/frame"])
def test_a_head_request_changes_nothing(visitor: Visitor, path: str) -> None:
    """RFC 9110 section 9.2.1: link scanners send it."""
    tx = visitor.tx()
    assert visitor.client.head(path, query_string={"tx": tx}).status_code == 405
    assert visitor.submit(tx).json["status"] == "ok"


def test_a_session_begun_meanwhile_is_shown_before_it_ends(visitor: Visitor) -> None:
    """The page was opened while nobody was signed in; somebody is by the time that the button is pressed."""
    known_tom(visitor)
    waiting = visitor.hand_over(visitor.submit(visitor.tx(), **TOM).json["ticket"])
    form = visitor.client.get(waiting.headers["Location"])
    signed_in(visitor)  # in another tab
    pressed = visitor.confirm(waiting, page=form)
    assert (pressed.status_code, "Une autre personne est connectée" in pressed.text) == (200, True)
    assert visitor.confirm(waiting).status_code == 303  # the control: once it was shown, the button does it


@pytest.mark.parametrize("keep", ["no", "message"])
def test_a_session_that_no_browser_keeps_ends_with_its_portals_sign_out(visitor: Visitor, keep: str) -> None:
    """OpenID Connect RP-Initiated Logout 1.0 section 2: nobody else could end it."""
    if keep == "message":
        code = visitor.message(visitor.accepted(response_mode="web_message")).json["response"]["code"]
    else:
        code = signed_in(visitor, keep)["code"]
    tokens = visitor.redeem(code).json
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert visitor.client.get("/userinfo", headers=bearer).status_code == 200
    assert visitor.client.get("/end-session", query_string={"client_id": "portail"}).status_code == 200
    assert visitor.client.get("/userinfo", headers=bearer).status_code == 200  # the control: without a hint
    out = visitor.client.get("/end-session", query_string={"id_token_hint": tokens["id_token"]})
    assert out.status_code == 200
    assert visitor.client.get("/userinfo", headers=bearer).status_code == 401
    assert AuditEvent.SIGNED_OUT in trail(visitor.deps)
