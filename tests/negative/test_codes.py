"""Codes in wrong hands: RFC 9700 sections 2.1.1, 4.2, 4.5 and 4.8, RFC 7636, RFC 6749 sections 4.1.2 and 10.10."""

from __future__ import annotations

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any, cast

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.negative.conftest import (
    DOORS,
    PKCE,
    by_object,
    by_pushed_object,
    code_of,
    push,
    redeem,
    refusal,
    signed,
    to_token,
)
from tests.oauth.conftest import basic
from tests.portals import CALLBACK, CHALLENGE, VERIFIER, Browser, Gateway, error, request_of

OTHER_VERIFIER = "w" * 43
BOUND = {**PKCE, "client_id": "strict"}


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def opens(browser: Browser, token: str) -> bool:
    answer = browser.http.get("/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


def refreshed(browser: Browser, token: str, client_id: str = "portail", **more: str) -> TestResponse:
    return to_token(browser, {"grant_type": "refresh_token", "refresh_token": token, **more}, client_id)


def tokens_of(answer: TestResponse) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return cast(dict[str, Any], answer.json)


def test_sixteen_thieves_and_one_owner(at: Gateway, browser: Browser) -> None:
    """RFC 6749 section 4.1.2: of sixteen simultaneous redemptions one gets tokens, and the others end them."""
    code, start = code_of(browser.authorize(**BOUND)), Barrier(16)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}

    def take(_: int) -> TestResponse:
        client: FlaskClient = at.app.test_client()
        start.wait()
        return client.post("/token", data=form, headers=basic("strict"))

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(take, range(16)))
    (given,) = [tokens_of(answer) for answer in answers if answer.status_code == 200]
    assert [refusal(answer) for answer in answers if answer.status_code != 200] == ["invalid_grant"] * 15
    assert not opens(browser, given["access_token"])
    assert refusal(refreshed(browser, given["refresh_token"], "strict")) == "invalid_grant"
    alone = tokens_of(redeem(browser, code_of(browser.authorize(**BOUND)), "strict", code_verifier=VERIFIER))
    assert opens(browser, alone["access_token"]), "the control: what is redeemed once lives"
    assert refreshed(browser, alone["refresh_token"], "strict").status_code == 200


def test_whoever_steals_a_code_ends_nothing_of_its_owner(browser: Browser) -> None:
    """RFC 9700 section 4.5, RFC 6749 section 10.5: another client, another address, another verifier revoke nothing.

    Else a stolen code, worthless by itself, would sign somebody out.
    """
    code = code_of(browser.authorize(**BOUND))
    owner = partial(redeem, browser, code, "strict")
    thieves = (
        lambda: redeem(browser, code, "neighbour", code_verifier=VERIFIER),
        lambda: redeem(browser, code, "spa", code_verifier=VERIFIER),
        lambda: owner(code_verifier=VERIFIER, redirect_uri=f"{CALLBACK}?dummy1=lorem"),
        lambda: owner(code_verifier=OTHER_VERIFIER),
        lambda: owner(),
    )
    assert {refusal(thief()) for thief in thieves} <= {"invalid_grant", "invalid_request"}
    given = tokens_of(owner(code_verifier=VERIFIER))
    assert {refusal(thief()) for thief in thieves} <= {"invalid_grant", "invalid_request"}
    assert opens(browser, given["access_token"])
    assert refreshed(browser, given["refresh_token"], "strict").status_code == 200
    assert refusal(owner(code_verifier=VERIFIER)) == "invalid_grant", "the control: the owner itself, again"
    assert not opens(browser, given["access_token"])


VERIFIERS = {
    "nothing": None,
    "an empty one": "",
    "another one": OTHER_VERIFIER,
    "the challenge": CHALLENGE,
    "the challenge of the challenge": challenge_of(CHALLENGE),
    "the hash as hexadecimal": hashlib.sha256(VERIFIER.encode()).hexdigest(),
    "one character less": VERIFIER[:-1],
    "one character more": VERIFIER + "v",
    "in capitals": VERIFIER.upper(),
    "a space before": f" {VERIFIER}",
    "a space after": f"{VERIFIER} ",
    "a line feed after": f"{VERIFIER}\n",
    "a NUL after": f"{VERIFIER}\x00",
    "forty-two": "v" * 42,
    "a hundred and twenty-nine": "v" * 129,
    "four thousand": "v" * 4000,
    "a plus": "+" * 43,
    "a slash": "/" * 43,
    "padding": "v" * 42 + "=",
    "letters that are not ASCII": "é" * 43,
    "digits that are not ASCII": "\u0661" * 43,
    "fullwidth letters": "\uff56" * 43,
    "two of them": [OTHER_VERIFIER, VERIFIER],
    "twice the same": [VERIFIER, VERIFIER],
}


def test_only_the_verifier_opens(browser: Browser) -> None:
    """RFC 7636 sections 4.1, 4.5 and 4.6; and a refusal does not spend the code."""
    code = code_of(browser.authorize(**BOUND))
    answers = {name: redeem(browser, code, "strict", code_verifier=sent) for name, sent in VERIFIERS.items()}
    assert {name for name, answer in answers.items() if answer.status_code != 400} == set()
    assert {refusal(answer) for answer in answers.values()} <= {"invalid_grant", "invalid_request"}
    assert redeem(browser, code, "strict", code_verifier=VERIFIER).status_code == 200, "the control"


def test_a_verifier_outside_the_alphabet_is_none_even_when_it_fits(browser: Browser) -> None:
    """RFC 7636 section 4.1: 43 to 128 unreserved characters; a shorter one could be guessed from its challenge."""
    for verifier in ("v" * 42, "v" * 129, "+" * 43, "é" * 43, "v" * 42 + "="):
        code = code_of(browser.authorize(**{**BOUND, "code_challenge": challenge_of(verifier)}))
        assert refusal(redeem(browser, code, "strict", code_verifier=verifier)) in ("invalid_grant", "invalid_request")
    for good in ("v" * 43, "aZ09-._~" * 16):
        code = code_of(browser.authorize(**{**BOUND, "code_challenge": challenge_of(good)}))
        assert redeem(browser, code, "strict", code_verifier=good).status_code == 200, "the control"


CHALLENGES = {
    "none": {"code_challenge": None, "code_challenge_method": None},
    "an empty one": {"code_challenge": ""},
    "an empty pair": {"code_challenge": "", "code_challenge_method": ""},
    "no method": {"code_challenge_method": None},
    "plain": {"code_challenge_method": "plain"},
    "plain, of the verifier": {"code_challenge": VERIFIER, "code_challenge_method": "plain"},
    "small letters": {"code_challenge_method": "s256"},
    "a space": {"code_challenge_method": "S256 "},
    "two methods": {"code_challenge_method": "S256 plain"},
    "another hash": {"code_challenge_method": "S512"},
    "no hash": {"code_challenge_method": "none"},
    "padding": {"code_challenge": f"{CHALLENGE}="},
    "the other alphabet": {"code_challenge": "+/" + CHALLENGE[2:]},
    "hexadecimal": {"code_challenge": hashlib.sha256(VERIFIER.encode()).hexdigest()},
    "short": {"code_challenge": CHALLENGE[:-1]},
    "long": {"code_challenge": CHALLENGE * 2},
    "very long": {"code_challenge": "c" * 4000},
    "a line feed": {"code_challenge": f"{CHALLENGE}\n"},
    "letters that are not ASCII": {"code_challenge": "é" * 43},
    "fullwidth letters": {"code_challenge": "\uff56" * 43},
}


@pytest.mark.parametrize("way", DOORS)
def test_a_client_that_must_challenge_does_so_at_every_way_in(browser: Browser, way: str) -> None:
    """RFC 9700 sections 2.1.1 and 4.8, RFC 7636 sections 4.3 and 4.4.1: no downgrade by any spelling.

    `portail` may leave it out, but not send half of it.
    """
    clients = {"strict": (), "portail": ("none", "an empty pair"), "spa": ()}
    if "object" in way:
        del clients["spa"]  # which has no key to sign with
    for client_id, may in clients.items():
        for name, change in CHALLENGES.items():
            if name in may:
                continue
            answer = DOORS[way](browser, **{**PKCE, "client_id": client_id, **change})
            told = error(answer) if answer.status_code == 303 else refusal(answer)
            assert told == "invalid_request", name
        assert code_of(DOORS[way](browser, **PKCE, client_id=client_id)), "the control"


def test_a_stripped_challenge_shows_when_the_client_proves_itself(browser: Browser) -> None:
    """RFC 9700 section 4.8.2: a verifier for a code without a challenge is refused; the attacker cannot take it off."""
    stripped, whole = code_of(browser.authorize()), code_of(browser.authorize(**PKCE))
    assert refusal(redeem(browser, stripped, code_verifier=VERIFIER)) in ("invalid_grant", "invalid_request")
    assert redeem(browser, whole, code_verifier=VERIFIER).status_code == 200, "the control"


def test_nobody_changes_a_challenge_on_the_way(browser: Browser) -> None:
    """RFC 9126 section 4, RFC 9101 section 6.3: beside what was pushed or signed, another challenge is not read."""
    asked = request_of(**BOUND)
    for beside in (challenge_of(OTHER_VERIFIER), "", None):
        extra = {name: value for name, value in {**PKCE, "code_challenge": beside}.items() if value is not None}
        name = (push(browser, asked, "strict").json or {})["request_uri"]
        for reference in ({"request_uri": name}, {"request": signed(browser, asked)}):
            answer = browser.http.get("/authorize", query_string={"client_id": "strict", **reference, **extra})
            code = code_of(answer)
            assert refusal(redeem(browser, code, "strict", code_verifier=OTHER_VERIFIER)) == "invalid_grant"
            assert redeem(browser, code, "strict", code_verifier=VERIFIER).status_code == 200, "the control"


def test_a_challenge_that_is_only_outside_protects_nothing(browser: Browser) -> None:
    """RFC 9101 section 6.3: a client that must challenge does so inside the object."""
    bare = signed(browser, request_of(client_id="strict"))
    answer = browser.http.get("/authorize", query_string={"client_id": "strict", "request": bare, **PKCE})
    assert error(answer) == "invalid_request"
    for door in (by_object, by_pushed_object):
        assert code_of(door(browser, **BOUND)), "the control"


def test_two_codes_are_not_exchanged_for_one_another(browser: Browser) -> None:
    """RFC 9700 section 4.5: a code injected into another of the client's own sessions meets another verifier."""
    mine = code_of(browser.authorize(**BOUND))
    theirs = code_of(browser.authorize(**{**BOUND, "code_challenge": challenge_of(OTHER_VERIFIER)}))
    assert refusal(redeem(browser, theirs, "strict", code_verifier=VERIFIER)) == "invalid_grant"
    assert refusal(redeem(browser, mine, "strict", code_verifier=OTHER_VERIFIER)) == "invalid_grant"
    assert redeem(browser, mine, "strict", code_verifier=VERIFIER).status_code == 200, "the control"
    assert redeem(browser, theirs, "strict", code_verifier=OTHER_VERIFIER).status_code == 200


def test_what_is_nearly_a_code_is_none(browser: Browser) -> None:
    """RFC 6749 section 4.1.3; sections 10.10 and 10.14 for what nobody would call a code."""
    code = code_of(browser.authorize())
    wrong = (
        code[:-1], f"{code}A", code.swapcase(), f" {code}", f"{code} ", f"{code}\n", f"{code}\x00", f"{code}=",
        [code, code], code[::-1], "é" * 43, "A" * 43, "%", "*", "' OR 1=1 --", "../../etc/passwd", "null", "[]",
        "x" * 9_000,
    )  # fmt: skip
    answers = [(sent, redeem(browser, cast(str, sent))) for sent in wrong]
    assert [sent for sent, answer in answers if answer.status_code != 400] == []
    assert redeem(browser, code).status_code == 200, "the control"


def test_a_code_is_long_and_never_the_same(browser: Browser, at: Gateway) -> None:
    """RFC 6749 section 10.10: guessed with a probability of 2^-160 at most; nothing of the request is in it."""
    codes = {code_of(browser.authorize(state="same", nonce="same")) for _ in range(8)}
    assert len(codes) == 8
    assert all(len(code) >= 43 and code.isascii() for code in codes)
