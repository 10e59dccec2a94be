"""What a form sends is good once, for its own transaction, from its own page, a few times at most."""

from __future__ import annotations

import json

import httpx
import pytest

from idp.adapters.hasher import QuietHasher
from tests.widget.conftest import NewContext
from tests.widget.parents import frame_address, framed_document, framing
from tests.widget.places import Place
from tests.widget.programs import new_tx, send, typed
from tests.widget.relying_party import Served

pytestmark = pytest.mark.browser


def test_a_token_that_was_sent_is_not_good_again(place: Place) -> None:
    """Widget case 31: not even with the right password; the control is the token that came back."""
    first = new_tx(place)
    told = send(place, first, "wrong")
    assert told["error"] == "invalid_credentials"
    assert send(place, first)["error"] == "expired"
    assert send(place, told["tx"])["status"] == "ok"


def test_a_token_of_one_partner_says_nothing_at_another(place: Place) -> None:
    """Widget case 31: its parts do not fit another's; each whole one, the control, is good."""
    ours, theirs = new_tx(place).split("."), new_tx(place, place.second).split(".")
    for mixed in (
        [theirs[0], *ours[1:]],
        [*ours[:1], *theirs[1:]],
        [*ours[:2], theirs[2]],
        [ours[0], theirs[1], ours[2]],
    ):
        assert send(place, ".".join(mixed))["error"] == "expired"
    for whole in (ours, theirs):
        assert send(place, ".".join(whole))["status"] == "ok"


def test_a_token_that_was_changed_is_refused(place: Place) -> None:
    """Widget case 31."""
    tx = new_tx(place)
    for changed in ("", ".", "..", tx[:-5], tx[:-5] + "AAAA=", tx.swapcase(), "A" + tx, tx.replace(".", ""), tx * 9):
        assert send(place, changed)["error"] == "expired"
    assert send(place, tx)["status"] == "ok", "the control"


def test_a_token_outlives_no_transaction(place: Place) -> None:
    """Widget case 31: after its sliding life; a moment before is the control."""
    late, early = new_tx(place), new_tx(place)
    place.clock.advance(place.deps.lifetimes.transaction - 1000)
    assert send(place, early)["status"] == "ok"
    place.clock.advance(2000)
    assert send(place, late)["error"] == "expired"


def test_a_form_tries_five_times(place: Place) -> None:
    """Widget case 31: the sixth try goes to our own page, though its password is right and its person another."""
    tx = new_tx(place)
    for number in range(5):
        told = send(place, tx, "wrong", family_name=f"Nobody {'abcde'[number]}")
        assert told["error"] == "invalid_credentials"
        tx = told["tx"]
    told = send(place, tx)
    assert (told["status"], told["error"]) == ("top", "interaction_required")
    assert "ticket" not in told
    assert send(place, new_tx(place))["status"] == "ok", "the control"


FROM_ELSEWHERE = {
    "plain fetch": "fetch(to, {method: 'POST', mode: 'no-cors', body: JSON.stringify(body)})",
    "plain fetch with cookies": (
        "fetch(to, {method: 'POST', mode: 'no-cors', credentials: 'include', body: JSON.stringify(body)})"
    ),
    "JSON fetch": (
        "fetch(to, {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body)})"
    ),
    "beacon": "navigator.sendBeacon(to, new Blob([JSON.stringify(body)], {type: 'text/plain'}))",
    "form": """(() => {
        const form = document.createElement('form'), field = document.createElement('input');
        form.method = 'POST'; form.enctype = 'text/plain'; form.action = to; form.target = 'sink';
        const text = JSON.stringify({...body, pad: '='});
        field.name = text.slice(0, text.indexOf('=')); field.value = text.slice(text.indexOf('=') + 1);
        form.append(field); document.body.append(form); form.submit();
    })()""",
}


@pytest.mark.parametrize("who", ["attacker", "partner"])
def test_no_page_of_another_origin_sends_the_form(place: Place, new_context: NewContext, who: str) -> None:
    """Widget case 32: with a good token and the right password; the control is our own frame's script with the same."""
    site = place.attacker if who == "attacker" else place.partner
    site.pages["/send"] = Served("<!doctype html><title>s</title><iframe name=sink title=s></iframe>")
    page = new_context().new_page()
    page.goto(site.origin + "/send")
    sent = {"to": place.issuer + "/widget/submit", "body": typed(new_tx(place))}
    for number, way in enumerate(FROM_ELSEWHERE.values()):
        page.evaluate(f"({{to, body}}) => Promise.resolve({way}).then(() => 0, () => 0)", sent)
        last = place.wire.wait_for("/widget/submit", number + 1)[-1]
        assert last.status >= 400 or last.method == "OPTIONS", way
        assert not last.said("access-control-allow-origin"), way
    place.partner.pages["/framing"] = Served(framing(frame_address(place)))
    page.goto(place.partner.origin + "/framing")
    ours = framed_document(page).evaluate(
        "body => fetch('/widget/submit', {method: 'POST', headers: {'Content-Type': 'application/json'}, body})"
        ".then((answer) => answer.json())",
        json.dumps(sent["body"]),
    )
    assert ours["status"] == "ok"


def test_a_request_that_does_not_say_it_is_ours_is_refused(place: Place) -> None:
    """Widget case 32."""
    cross_site = {"Origin": place.issuer, "Sec-Fetch-Site": "cross-site"}
    tx = new_tx(place)
    for headers in ({}, {"Origin": "null"}, {"Origin": place.attacker.origin}, cross_site):
        for path in ("/widget/submit", "/widget/renew", "/widget/message"):
            answer = httpx.post(place.issuer + path, json=typed(tx, ticket="t"), headers=headers)
            assert (answer.status_code, answer.json()["error"]) == (403, "expired"), headers
    assert send(place, tx)["status"] == "ok", "the control"


def test_a_person_who_is_not_there_costs_and_reads_like_a_wrong_password(place: Place) -> None:
    """Widget case 39: text, status, size and hashing work are the same; the control is the right password's answer."""
    hasher = place.deps.hasher
    assert isinstance(hasher, QuietHasher)
    seen: list[tuple[dict[str, str], int]] = []
    for wrong in (
        {"siret": "99900037599998"},
        {"family_name": "nobody"},
        {"given_name": "nobody"},
        {"password": "wrong"},
    ):
        tx = new_tx(place)
        hasher.forget()
        told = send(place, tx, **wrong)
        del told["tx"], told["page"]
        seen.append((told, hasher.rounds))
    assert all(one == seen[0] for one in seen)
    assert seen[0][1] > 0
    assert send(place, new_tx(place))["status"] == "ok"
