"""What the framed form sends: by our script alone, each try once, and as careful as the page."""

from __future__ import annotations

import json
from typing import Any

import pytest

from idp.domain.platform.audit_events import AuditEvent
from idp.domain.platform.metrics import Metric
from tests.web.portals.conftest import ISSUER, ORIGIN, SCRIPT, SHOWN, TYPED, Visitor
from tests.web.sign_in.conftest import trail

EXPIRED = {"status": "error", "error": "expired"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {**SCRIPT, "Origin": ORIGIN},
        {**SCRIPT, "Origin": "null"},
        {**SCRIPT, "Origin": f"{ISSUER}.evil.example"},
        {**SCRIPT, "Sec-Fetch-Site": "cross-site"},
        {**SCRIPT, "Sec-Fetch-Site": "same-site"},
    ],
    ids=["no origin", "the portal", "null", "look-alike", "cross-site", "same-site"],
)
@pytest.mark.parametrize("path", ["/widget/submit", "/widget/renew", "/widget/message"])
def test_only_our_own_script_is_heard(visitor: Visitor, path: str, headers: dict[str, str]) -> None:
    """Widget case 32. The control: the same body from our own origin is."""
    accepted = visitor.accepted(response_mode="web_message")
    sent = {**TYPED, "ticket": accepted["ticket"], "tx": accepted["tx"]}
    refused = visitor.client.post(path, json=sent, headers=headers)
    assert (refused.status_code, refused.json) == (403, EXPIRED)
    assert visitor.client.post(path, json=sent, headers=SCRIPT).json["status"] == "ok"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_what_a_page_can_send_without_asking_is_not_heard(visitor: Visitor, kind: str) -> None:
    """Widget case 32: forms and simple requests need no preflight."""
    body = json.dumps({"tx": visitor.tx()})
    refused = visitor.client.post("/widget/renew", data=body, content_type=kind, headers=SCRIPT)
    assert refused.status_code == 403
    heard = visitor.client.post("/widget/renew", data=body, content_type="application/json", headers=SCRIPT)
    assert heard.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"tx": 1}',
        b'{"tx": "a", "tx": "b"}',
        b'{"tx": null}',
        b"\xff",
        b'{"tx":"\\u0000"}',
        b'{"tx":"\\ud800.a.b.YQ=="}',
        b'{"tx":"a.b.c.d","x":"\\udfff"}',
    ],
)
def test_malformed_bodies_are_refused(visitor: Visitor, body: bytes) -> None:
    refused = visitor.client.post("/widget/submit", data=body, content_type="application/json", headers=SCRIPT)
    assert (refused.status_code, refused.json) == (403, EXPIRED)


def test_a_tx_serves_once(visitor: Visitor) -> None:
    """Widget case 31: also when its try was refused; the answer holds the next."""
    tx = visitor.tx()
    first = visitor.submit(tx, password="wrong")
    assert visitor.submit(tx).json == EXPIRED
    assert visitor.submit(first.json["tx"]).json["status"] == "ok"


@pytest.mark.parametrize("change", [lambda tx: tx[:-2] + "AA", lambda tx: "x" + tx[1:], lambda tx: tx.upper()])
def test_a_tampered_tx_is_refused_before_anything_is_looked_up(visitor: Visitor, change: Any) -> None:
    assert visitor.submit(change(visitor.tx())).json == EXPIRED
    assert AuditEvent.TRANSACTION_FOREIGN_BROWSER not in trail(visitor.deps)


def test_a_tx_is_of_its_own_transaction(visitor: Visitor) -> None:
    """Widget case 31: the secret of one frame does not open the transaction of another."""
    one, other = visitor.tx().split("."), visitor.tx().split(".")
    assert visitor.submit(".".join([one[0], *other[1:]])).json == EXPIRED
    assert visitor.submit(".".join(other)).json["status"] == "ok"


def test_the_sixth_password_of_a_frame_goes_to_the_page(visitor: Visitor) -> None:
    """Widget case 31."""
    tx = visitor.tx()
    for _ in range(5):
        tx = visitor.submit(tx, password="wrong", siret="97050551700072").json["tx"]
    answer = visitor.submit(tx)
    assert (answer.json["status"], answer.json["error"]) == ("top", "interaction_required")
    assert visitor.submit(visitor.tx()).json["status"] == "ok"  # the control: the account itself is not in the way


def test_a_field_to_correct_costs_no_try(visitor: Visitor) -> None:
    tx = visitor.tx()
    wrong = visitor.submit(tx, siret="123", family_name="")
    assert (wrong.json["error"], set(wrong.json["fields"])) == ("invalid_fields", {"siret", "family_name"})
    assert visitor.submit(tx).json["status"] == "ok"


def test_refusals_read_alike(visitor: Visitor) -> None:
    """Widget case 39: unknown, wrong name, wrong password, oversized."""
    tries = [{"siret": "97050551700072"}, {"family_name": "autre"}, {"password": "wrong"}, {"password": "x" * 1_001}]
    answers = [visitor.submit(visitor.tx(), **typed) for typed in tries]
    told = [{name: value for name, value in item.json.items() if name not in ("tx", "page")} for item in answers]
    assert told == [told[0]] * 4
    assert {item.status_code for item in answers} == {200}


def test_a_try_counts_like_one_of_the_page(visitor: Visitor) -> None:
    """No second way to guess: after five in an hour the network waits, in a frame as on the page."""
    for _ in range(5):
        visitor.submit(visitor.tx(), password="wrong")
    delayed = visitor.submit(visitor.tx())
    assert (delayed.status_code, delayed.json["error"]) == (429, "rate_limited")
    assert delayed.headers["Retry-After"] == str(delayed.json["retry_after"])


def test_the_triplets_own_delay_sends_to_the_page(visitor: Visitor) -> None:
    """There the browser that its owner uses is known and need not wait; here no cookie is seen."""
    for network in range(20):
        visitor.client.environ_base["REMOTE_ADDR"] = f"203.0.{network}.7"
        visitor.submit(visitor.tx(), password="wrong")
    visitor.client.environ_base["REMOTE_ADDR"] = "203.0.99.7"
    answer = visitor.submit(visitor.tx())
    assert (answer.json["status"], answer.json["error"]) == ("top", "interaction_required")


def test_no_known_device_is_made_or_forgotten_by_a_frame(visitor: Visitor) -> None:
    """A frame has no cookie to keep one in: ten framed sign-ins must not push out the owner's own browsers."""
    for _ in range(11):
        visitor.ticket()
    assert visitor.cookie("mire_device") == ""
    with visitor.deps.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM devices").scalar() == 0


def test_a_closed_establishment_is_explained(visitor: Visitor) -> None:
    with visitor.deps.transaction() as connection:
        connection.exec_driver_sql("UPDATE establishments SET closed_at = 1")
    answer = visitor.submit(visitor.tx())
    assert (answer.json["error"], SHOWN in answer.json["message"]) == ("siret_closed", True)


def test_messages_that_the_page_ignored_are_counted(visitor: Visitor) -> None:
    visitor.client.post("/widget/renew", json={"tx": visitor.tx(), "ignored": "3"}, headers=SCRIPT)
    visitor.client.post("/widget/renew", json={"tx": visitor.tx(), "ignored": "9" * 50}, headers=SCRIPT)
    assert visitor.deps.metrics.counts[Metric.IGNORED_MESSAGES, ()] == 3  # type: ignore[attr-defined]


def test_ten_frames_of_one_account_do_not_add_sessions(visitor: Visitor) -> None:
    """A right password in a frame leaves a ticket; a session begins with who comes with it."""
    visitor.ticket()
    with visitor.deps.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sessions").scalar() == 0


def test_what_a_frame_may_not_send_is_counted(visitor: Visitor) -> None:
    tx = visitor.tx()
    visitor.submit(tx, headers={})
    visitor.submit("x" + tx[1:])
    counts = visitor.deps.metrics.counts  # type: ignore[attr-defined]
    assert (counts[Metric.WIDGET_REFUSALS, ("sender",)], counts[Metric.WIDGET_REFUSALS, ("tx",)]) == (1, 1)
