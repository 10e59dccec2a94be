"""RFC 9449: a proof is for one request, now, once; a bound token is for one key. Each attack has its control."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

import pytest
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from idp.adapters.clock import QuietClock
from idp.adapters.keyed_hash import KeyedHash
from idp.domain.platform.instants import MINUTE, SECOND
from idp.store.database import Database
from idp.store.platform.housekeeping import delete_expired
from idp.store.platform.single_use import used_identifiers
from idp.usecases.portals.possession import new_nonce
from tests.negative.conftest import CLIENTS, FIELDS, PKCE, code_of, refusal
from tests.oauth.conftest import basic
from tests.oauth.dpop import ProofMaker, encoded, hashed
from tests.portals import CALLBACK, ISSUER, VERIFIER, Browser, Gateway, gateway, portal, request_of

CAREFUL = portal("careful", **{**FIELDS, "require_dpop_nonce": True})
HOST = ISSUER.removeprefix("https://")
ENDPOINTS = ("/token", "/par", "/introspect", "/revoke")
"""Where a client proves itself; userinfo is opened by a token."""


@pytest.fixture
def at(database: Database) -> Gateway:
    return gateway(database, *CLIENTS, CAREFUL)


@pytest.fixture
def clock(at: Gateway) -> QuietClock:
    return cast(QuietClock, at.deps.clock)


def maker_at(browser: Browser) -> ProofMaker:
    return ProofMaker(browser.deps.clock.now() / SECOND, ISSUER)


@pytest.fixture
def maker(browser: Browser) -> ProofMaker:
    return maker_at(browser)


@pytest.fixture
def other(browser: Browser) -> ProofMaker:
    """Somebody else's key."""
    return maker_at(browser)


def send(
    browser: Browser,
    proofs: str | list[str] | None,
    path: str = "/token",
    client_id: str = "portail",
    form: Mapping[str, str] | None = None,
) -> TestResponse:
    """What an endpoint says to its client beside this proof, or these, each in a header line of its own."""
    lines = [proofs] if isinstance(proofs, str) else proofs or []
    bodies: dict[str, Mapping[str, Any]] = {
        "/token": {"grant_type": "refresh_token", "refresh_token": "nobody's"},
        "/par": {**request_of(client_id=client_id), **PKCE},
    }
    data = {**(form or bodies.get(path, {"token": "nobody's"}))}
    headers = Headers([("DPoP", line) for line in lines])
    if client_id == "spa":
        data["client_id"] = client_id
    else:
        headers.extend(basic(client_id))
    return browser.http.post(path, data=data, headers=headers)


def takes(answer: TestResponse) -> bool:
    """Whether the proof was taken; what it came with may be refused all the same, or may not."""
    if answer.status_code in (200, 201):
        return True
    error = refusal(answer)
    assert error in ("invalid_grant", "invalid_dpop_proof", "use_dpop_nonce"), error
    return error == "invalid_grant"


def code_for(browser: Browser, client_id: str = "portail", **asked: str) -> str:
    return code_of(browser.authorize(client_id=client_id, **PKCE, **asked))


def redeemed(browser: Browser, proof: str | None, code: str, client_id: str = "portail") -> TestResponse:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    return send(browser, proof, client_id=client_id, form=form)


def given(answer: TestResponse) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


@pytest.fixture
def bound(browser: Browser, maker: ProofMaker) -> str:
    """An access token of the maker's key."""
    return str(given(redeemed(browser, maker.proof(), code_for(browser)))["access_token"])


SAME = {
    "as it is": f"{ISSUER}/token",
    "scheme in capitals": f"HTTPS://{HOST}/token",
    "host in capitals": f"https://{HOST.upper()}/token",
    "its own port": f"{ISSUER}:443/token",
    "an empty port": f"{ISSUER}:/token",
    "a query": f"{ISSUER}/token?a=b",
    "a fragment": f"{ISSUER}/token#a",
    "an empty query": f"{ISSUER}/token?",
    "an escaped letter": f"{ISSUER}/%74%6Fken",
}
OTHER = {
    "no encryption": f"http://{HOST}/token",
    "another scheme": f"ftp://{HOST}/token",
    "no scheme": f"//{HOST}/token",
    "a path alone": "/token",
    "the issuer": ISSUER,
    "another port": f"{ISSUER}:444/token",
    "the port of http": f"{ISSUER}:80/token",
    "no port of any": f"{ISSUER}:65536/token",
    "a port in words": f"{ISSUER}:https/token",
    "a slash behind": f"{ISSUER}/token/",
    "two slashes": f"{ISSUER}//token",
    "path in capitals": f"{ISSUER}/Token",
    "a name": f"https://client@{HOST}/token",
    "an empty name": f"https://@{HOST}/token",
    "our host as a name": f"{ISSUER}@evil.example/token",
    "a longer host": f"{ISSUER}.evil.example/token",
    "a dot behind the host": f"{ISSUER}./token",
    "escaped twice": f"{ISSUER}/%2574oken",
    "an escaped slash": f"{ISSUER}%2Ftoken",
    "an escaped slash more": f"{ISSUER}/%2Ftoken",
    "an escaped query": f"{ISSUER}/token%3Fa=b",
    "a backslash": f"{ISSUER}\\token",
    "parameters": f"{ISSUER}/token;a=b",
    "NUL": f"{ISSUER}/token%00",
    "a space before": f" {ISSUER}/token",
    "a space behind": f"{ISSUER}/token ",
    "a line break before": f"\n{ISSUER}/token",
    "a line break within": f"{ISSUER}/to\nken",
    "a tab in the host": ISSUER.replace("ex", "e\tx") + "/token",
    "two addresses": f"{ISSUER}/token {ISSUER}/token",
    "wide letters": f"https://{HOST.replace('c', chr(0xFF43))}/token",
    "the letters of another script": f"https://{HOST.replace('c', chr(0x441))}/token",
    "nothing": "",
}


def test_an_address_is_ours_in_each_spelling_and_in_no_other(browser: Browser, maker: ProofMaker) -> None:
    """RFC 9449 section 4.3, check 9: htu without query and fragment, as RFC 3986 sections 6.2.2 and 6.2.3 write it."""
    assert list(SAME) == [case for case, htu in SAME.items() if takes(send(browser, maker.proof(htu=htu)))]
    assert [] == [case for case, htu in OTHER.items() if takes(send(browser, maker.proof(htu=htu)))]


def test_a_method_is_compared_letter_by_letter(browser: Browser, maker: ProofMaker) -> None:
    """RFC 9449 section 4.2, htm; RFC 9110 section 9.1: methods are case-sensitive."""
    wrong = ("Post", "post", "PUT", "GET", "POST ", " POST", "POST,GET", "", "*", ["POST"], True, None)
    assert [] == [htm for htm in wrong if takes(send(browser, maker.proof(htm=htm)))]
    assert takes(send(browser, maker.proof(htm="POST"))), "the control"


def test_a_proof_is_taken_to_the_edge_of_its_time_and_no_longer(browser: Browser, clock: QuietClock) -> None:
    """RFC 9449 sections 4.3, check 11, and 11.1: a relatively brief time, on either side of now."""
    maker, window = maker_at(browser), browser.deps.lifetimes.dpop_proof / SECOND
    right = (-window, -10, 10, window)
    assert list(right) == [at for at in right if takes(send(browser, maker.proof(iat=maker.now + at)))], "the control"
    wrong = (-window - 0.01, -window - 1, window + 0.01, window + 1, -maker.now, -maker.now - 1, maker.now * 999)
    assert [] == [at for at in wrong if takes(send(browser, maker.proof(iat=maker.now + at)))]
    proofs = [maker.proof(), maker.proof()]
    clock.advance(browser.deps.lifetimes.dpop_proof)
    assert takes(send(browser, proofs[0])), "the control"
    clock.advance(1)
    assert not takes(send(browser, proofs[1]))


def test_a_proof_from_the_future_is_remembered_until_it_is_over(
    browser: Browser, maker: ProofMaker, clock: QuietClock
) -> None:
    """RFC 9449 section 11.1: it counts once for as long as it would be taken: twice as long when its clock is ahead."""
    window = browser.deps.lifetimes.dpop_proof
    ahead = {"iat": int(maker.now) + window // SECOND}
    used = maker.proof(**ahead)
    assert takes(send(browser, used))
    clock.advance(2 * window)
    with browser.deps.transaction() as connection:
        delete_expired(connection, used_identifiers, clock.now(), 100)
    assert not takes(send(browser, used))
    assert takes(send(browser, maker.proof(**ahead))), "the control: its time is not over"


def test_an_identifier_is_a_text_of_some_length(browser: Browser, maker: ProofMaker) -> None:
    """RFC 9449 sections 4.2 and 11.1: what is remembered has an end; letters are told apart."""
    wrong = (None, "", "x" * 257, "x" * 10_000, 0, 1.5, True, ["a"], {"a": 1})
    assert [] == [jti for jti in wrong if takes(send(browser, maker.proof(jti=jti)))]
    right = ("x" * 256, "a", "A", "a ", "é" * 256)
    assert list(right) == [jti for jti in right if takes(send(browser, maker.proof(jti=jti)))], "the control"
    assert [] == [jti for jti in right if takes(send(browser, maker.proof(jti=jti)))]


def test_one_header_line_brings_one_proof(browser: Browser, maker: ProofMaker) -> None:
    """RFC 9449 section 4.3, check 1: never the first, never the last of several, at any endpoint."""
    for path in ENDPOINTS:
        one, two, three = (maker.proof(path) for _ in range(3))
        for several in (
            [one, two],
            [one, one],
            [one, ""],
            ["", one],
            [f"{one},{two}"],
            [f"{one}, {two}"],
            [f"{one} {two}"],
        ):
            assert not takes(send(browser, several, path)), (path, several)
        assert takes(send(browser, [three], path)), "the control"
        assert takes(send(browser, [one], path)), "the control: nothing of a refused request was spent"


def test_a_proof_is_for_one_endpoint(browser: Browser, maker: ProofMaker) -> None:
    """RFC 9449 sections 4.3, check 9, and 11.1: nowhere else, neither before its use nor after."""
    for path in ENDPOINTS:
        proof = maker.proof(path)
        elsewhere = [other for other in ENDPOINTS if other != path]
        assert [] == [other for other in elsewhere if takes(send(browser, proof, other))]
        assert takes(send(browser, proof, path)), "the control"
        assert [] == [other for other in ENDPOINTS if takes(send(browser, proof, other))]


def test_a_used_identifier_is_used_at_every_endpoint(browser: Browser, maker: ProofMaker) -> None:
    """RFC 9449 section 11.1: stricter than a store for each address, whatever the new proof is about."""
    assert takes(send(browser, maker.proof(jti="once")))
    assert [] == [path for path in ENDPOINTS if takes(send(browser, maker.proof(path, jti="once"), path))]
    assert takes(send(browser, maker.proof("/par", jti="twice"), "/par")), "the control"


def test_a_key_in_a_proof_is_public_and_of_a_pair(browser: Browser, maker: ProofMaker) -> None:
    """RFC 9449 section 4.3, checks 5 and 7; RFC 7517 section 9.2: any private member of any kind, even an empty one."""
    private = {name: {**maker.jwk, name: ""} for name in ("d", "p", "q", "dp", "dq", "qi", "oth", "k")}
    whole = {"d": {**maker.jwk, "d": maker.private}}
    symmetric = {"oct": {"kty": "oct", "k": encoded(b"k" * 32)}, "oct without k": {"kty": "oct"}}
    for case, jwk in {**private, **whole, **symmetric}.items():
        for alg in ("ES256", "HS256"):
            assert not takes(send(browser, maker.proof(header={"jwk": jwk, "alg": alg}))), (case, alg)
    public = {**maker.jwk, "use": "sig", "kid": "k1", "alg": "ES256"}
    assert takes(send(browser, maker.proof(header={"jwk": public}))), "the control"


def careful_token(browser: Browser, maker: ProofMaker) -> str:
    """An access token of the client that must use nonces."""
    nonce = send(browser, maker.proof(), client_id="careful").headers["DPoP-Nonce"]
    answer = redeemed(browser, maker.proof(nonce=nonce), code_for(browser, "careful"), "careful")
    return str(given(answer)["access_token"])


def nonce_doors(browser: Browser, token: str) -> dict[str, Callable[..., TestResponse]]:
    """Each endpoint, given what its proof says; with the time of now."""

    def client_door(path: str) -> Callable[..., TestResponse]:
        return lambda maker, **said: send(browser, maker.proof(path, **said), path, "careful")

    def userinfo(maker: ProofMaker, **said: Any) -> TestResponse:
        return browser.http.get("/userinfo", headers=maker.at_userinfo(token, **said))

    return {"/userinfo": userinfo, **{path: client_door(path) for path in ENDPOINTS}}


@pytest.mark.parametrize("path", ["/userinfo", *ENDPOINTS])
def test_each_endpoint_demands_a_nonce_of_ours(browser: Browser, maker: ProofMaker, path: str) -> None:
    """RFC 9449 sections 8, 8.2 and 9: none, a stranger's, a changed one: use_dpop_nonce and one that will do."""
    door = nonce_doors(browser, careful_token(browser, maker))[path]
    offered = door(maker).headers["DPoP-Nonce"]
    stranger = new_nonce(replace(browser.deps, keyed_hash=KeyedHash([b"o" * 32])))
    assert stranger != offered
    wrong = (
        ...,
        "",
        stranger,
        offered[:-1],
        offered + "A",
        offered.swapcase(),
        f" {offered}",
        f"{offered}=",
        f"{offered}!",
        "é",
        "A" * 5000,
    )
    for nonce in wrong:
        answer = door(maker, **({} if nonce is ... else {"nonce": nonce}))
        assert "use_dpop_nonce" == refusal(answer), nonce
        assert offered == answer.headers["DPoP-Nonce"]
    for odd in (7, True, ["a"], {}):
        assert "invalid_dpop_proof" == refusal(door(maker, nonce=odd)), odd
    assert takes(door(maker, nonce=offered)), "the control"


@pytest.mark.parametrize("path", ["/userinfo", *ENDPOINTS])
def test_a_nonce_grows_old_at_each_endpoint(browser: Browser, maker: ProofMaker, path: str, clock: QuietClock) -> None:
    """RFC 9449 sections 8 and 11.3: a proof made beforehand with yesterday's nonce is worth nothing."""
    old = send(browser, maker.proof(), client_id="careful").headers["DPoP-Nonce"]
    clock.advance(10 * MINUTE)
    maker.now = clock.now() / SECOND
    door = nonce_doors(browser, careful_token(browser, maker))[path]
    answer = door(maker, nonce=old)
    assert "use_dpop_nonce" == refusal(answer)
    assert takes(door(maker, nonce=answer.headers["DPoP-Nonce"])), "the control"


def at_userinfo(browser: Browser, headers: Any, **form: str) -> TestResponse:
    if form:
        return browser.http.post("/userinfo", headers=headers, data=form)
    return browser.http.get("/userinfo", headers=headers)


def test_a_proof_names_the_token_that_it_comes_with(browser: Browser, maker: ProofMaker, bound: str) -> None:
    """RFC 9449 sections 4.2, 4.3 check 12 and 7.1: ath is the hash of exactly this token."""
    second = given(redeemed(browser, maker.proof(), code_for(browser)))["access_token"]
    right = hashed(bound)
    wrong = (None, "", hashed(second), f"{right}=", right.swapcase(), right[:-1], bound, 7, True, [right])
    for ath in wrong:
        assert "invalid_dpop_proof" == refusal(at_userinfo(browser, maker.at_userinfo(bound, ath=ath))), ath
    assert 200 == at_userinfo(browser, maker.at_userinfo(bound)).status_code, "the control"


def test_a_bound_token_has_one_way_in(browser: Browser, maker: ProofMaker, bound: str) -> None:
    """RFC 9449 sections 7.1 and 7.2: no other scheme, no body, no query, not in two ways, beside the right proof."""
    body = maker.proof("/userinfo", "POST", ath=hashed(bound))
    ways: dict[str, tuple[Any, dict[str, str]]] = {
        "Bearer": ({**maker.at_userinfo(bound), "Authorization": f"Bearer {bound}"}, {}),
        "Basic": ({**maker.at_userinfo(bound), "Authorization": f"Basic {bound}"}, {}),
        "no scheme": ({**maker.at_userinfo(bound), "Authorization": bound}, {}),
        "both schemes": (both_schemes(maker.at_userinfo(bound), bound, "Bearer"), {}),
        "DPoP twice": (both_schemes(maker.at_userinfo(bound), bound, "DPoP"), {}),
        "the body": ({"DPoP": body}, {"access_token": bound}),
        "the body and DPoP": ({"DPoP": body, "Authorization": f"DPoP {bound}"}, {"access_token": bound}),
    }
    for case, (headers, form) in ways.items():
        assert refusal(at_userinfo(browser, headers, **form)) in ("invalid_token", "invalid_request"), case
    by_query = browser.http.get("/userinfo", query_string={"access_token": bound}, headers={"DPoP": body})
    assert 401 == by_query.status_code
    assert 200 == at_userinfo(browser, maker.at_userinfo(bound)).status_code, "the control"


def both_schemes(headers: Mapping[str, str], token: str, first: str) -> Headers:
    """Two Authorization lines."""
    return Headers([("Authorization", f"{first} {token}"), *headers.items()])


def test_an_unbound_token_is_not_taken_for_a_bound_one(browser: Browser, maker: ProofMaker) -> None:
    """RFC 9449 section 7.1: under the scheme DPoP only what is bound to the proof's key."""
    token = given(redeemed(browser, None, code_for(browser)))["access_token"]
    for headers in (maker.at_userinfo(token), {"Authorization": f"DPoP {token}"}):
        assert "invalid_token" == refusal(at_userinfo(browser, headers))
    assert 200 == at_userinfo(browser, {"Authorization": f"Bearer {token}"}).status_code, "the control"


def test_a_token_does_not_prove_a_client(browser: Browser, maker: ProofMaker, bound: str) -> None:
    """RFC 9449 section 7.2, RFC 7662 section 2.1: who asks about tokens is a client, not the holder of one."""
    proof = maker.proof("/introspect", ath=hashed(bound))
    for headers in ({"Authorization": f"Bearer {bound}"}, {"Authorization": f"DPoP {bound}", "DPoP": proof}):
        answer = browser.http.post("/introspect", data={"token": bound}, headers=headers)
        assert "invalid_client" == refusal(answer)
    told = given(browser.http.post("/introspect", data={"token": bound}, headers=basic("portail")))
    assert (True, {"jkt": maker.jkt}) == (told["active"], told["cnf"]), "the control"


def test_a_code_is_for_the_key_that_its_request_named(browser: Browser, maker: ProofMaker, other: ProofMaker) -> None:
    """RFC 9449 section 10: dpop_jkt, letter by letter."""
    code = code_for(browser, dpop_jkt=maker.jkt)
    for proof in (other.proof(), None):
        assert "invalid_grant" == refusal(redeemed(browser, proof, code))
    assert 200 == redeemed(browser, maker.proof(), code).status_code, "the control"
    swapped = code_for(browser, dpop_jkt=maker.jkt.swapcase())
    assert "invalid_grant" == refusal(redeemed(browser, maker.proof(), swapped))


def test_a_pushed_request_names_the_key_of_its_proof(browser: Browser, maker: ProofMaker, other: ProofMaker) -> None:
    """RFC 9449 section 10.1: dpop_jkt and the proof must agree; the proof alone binds the code as well."""
    asked = {**request_of(), **PKCE}
    for jkt in (other.jkt, maker.jkt.swapcase(), f"{maker.jkt}="):
        assert "invalid_request" == refusal(send(browser, maker.proof("/par"), "/par", form={**asked, "dpop_jkt": jkt}))
    for form in (asked, {**asked, "dpop_jkt": maker.jkt}):
        pushed = send(browser, maker.proof("/par"), "/par", form=form)
        brought = {"client_id": "portail", "request_uri": (pushed.json or {})["request_uri"]}
        code = code_of(browser.http.get("/authorize", query_string=brought))
        assert "invalid_grant" == refusal(redeemed(browser, other.proof(), code))
        assert "invalid_grant" == refusal(redeemed(browser, None, code))
        assert 200 == redeemed(browser, maker.proof(), code).status_code, "the control"


def test_a_public_clients_refresh_token_stays_with_its_key(
    browser: Browser, maker: ProofMaker, other: ProofMaker
) -> None:
    """RFC 9449 section 5: also the next one, also when a thief has the key of another client's tokens."""
    token = given(redeemed(browser, maker.proof(), code_for(browser, "spa"), "spa"))["refresh_token"]
    for _ in range(2):
        form = {"grant_type": "refresh_token", "refresh_token": token}
        for proof in (other.proof(), None):
            assert "invalid_grant" == refusal(send(browser, proof, client_id="spa", form=form))
        token = given(send(browser, maker.proof(), client_id="spa", form=form))["refresh_token"]
