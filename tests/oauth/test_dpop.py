"""DPoP: a token is only for who holds its key (RFC 9449). Each refusal has the same request beside it that passes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from idp.adapters.assertions import read_assertion
from idp.adapters.clock import QuietClock
from idp.adapters.dpop_keys import verified_key
from idp.domain.platform.instants import MINUTE, SECOND
from idp.domain.portals.clients import ClientAuthentication
from idp.domain.portals.confirmations import NO_CONFIRMATION, Confirmation
from idp.domain.portals.profiles import Profile
from idp.domain.portals.registry_content import make_registry
from idp.store.database import Database
from idp.usecases.deps import Deps
from idp.usecases.portals.possession import Lacking, lacking
from tests.oauth.conftest import CALLBACK, ISSUER, PARTNERS, RESOURCES, VERIFIER, Codes, basic, partner
from tests.oauth.dpop import ProofMaker, encoded, hashed
from tests.quiet import quiet_app, quiet_deps
from tests.statements import counted

# joserfc warns of the name `EdDSA` (RFC 9864); it is the one that RFC 9449 clients send.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
BOUND = [
    partner("bound", dpop_bound_access_tokens=True),
    partner("careful", dpop_bound_access_tokens=True, require_dpop_nonce=True),
    partner("bound-spa", token_endpoint_auth_method=ClientAuthentication.NONE, secrets=()),
]
Redeems = Callable[..., Any]


@pytest.fixture
def deps(database: Database) -> Deps:
    registry = make_registry(ISSUER, [*PARTNERS, *BOUND], RESOURCES)
    return quiet_deps(database, registry=lambda: registry)


@pytest.fixture
def maker(clock: QuietClock) -> ProofMaker:
    return ProofMaker(clock.now() / SECOND, ISSUER)


@pytest.fixture
def other(clock: QuietClock) -> ProofMaker:
    """Somebody else's key."""
    return ProofMaker(clock.now() / SECOND, ISSUER)


def ask(web: FlaskClient, proof: str | None, client_id: str = "portal", **form: str) -> Any:
    """POST /token with this proof."""
    body = {"grant_type": "client_credentials", **form}
    headers = {} if client_id.endswith("spa") else basic(client_id)
    if client_id.endswith("spa"):
        body["client_id"] = client_id
    return web.post("/token", data=body, headers=headers | ({} if proof is None else {"DPoP": proof}))


def redeem(web: FlaskClient, code: str, proof: str | None, client_id: str = "portal") -> Any:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    return ask(web, proof, client_id, **form)


def refused(answer: Any, error: str = "invalid_dpop_proof", status: int = 400) -> bool:
    return (status, error) == (answer.status_code, answer.json["error"])


@pytest.fixture
def bound(web: FlaskClient, give_code: Codes, maker: ProofMaker) -> dict[str, Any]:
    """The tokens of a code, bound to the maker's key."""
    answer = redeem(web, give_code(), maker.proof())
    assert (200, "DPoP") == (answer.status_code, answer.json["token_type"])
    return dict(answer.json)


def test_a_proof_binds_the_token_to_its_key(web: FlaskClient, maker: ProofMaker, bound: dict[str, Any]) -> None:
    """RFC 9449 sections 5 and 6.1."""
    about = web.post("/introspect", data={"token": bound["access_token"]}, headers=basic()).json
    assert ({"jkt": maker.jkt}, "DPoP") == (about["cnf"], about["token_type"])


def test_a_machine_token_is_bound_too(web: FlaskClient, maker: ProofMaker) -> None:
    answer = ask(web, maker.proof())
    about = web.post("/introspect", data={"token": answer.json["access_token"]}, headers=basic()).json
    assert ("DPoP", {"jkt": maker.jkt}) == (answer.json["token_type"], about["cnf"])


def wrong_proofs(maker: ProofMaker, other: ProofMaker) -> dict[str, str]:
    """Each of RFC 9449 section 4.3's checks that a token request can fail."""
    good = maker.proof()
    head, body, _ = maker.proof().split(".")
    whole = {"jwk": {**maker.jwk, "d": maker.private}}
    return {
        "1 two headers": f"{maker.proof()},{maker.proof()}",
        "2 no JWT": "proof",
        "2 two parts": good.rpartition(".")[0],
        "2 crit": maker.proof(header={"crit": ["b64"]}),
        "3 no jti": maker.proof(jti=None),
        "3 empty jti": maker.proof(jti=""),
        "3 a number as jti": maker.proof(jti=7),
        "3 a long jti": maker.proof(jti="x" * 1000),
        "3 no htm": maker.proof(htm=None),
        "3 no htu": maker.proof(htu=None),
        "3 no iat": maker.proof(iat=None),
        "3 iat true": maker.proof(iat=True),
        "3 iat in words": maker.proof(iat="now"),
        "4 no typ": maker.proof(header={"typ": None}),
        "4 typ JWT": maker.proof(header={"typ": "JWT"}),
        "5 alg none": maker.proof(header={"alg": "none"}),
        "5 alg HS256": maker.proof(header={"alg": "HS256"}),
        "5 alg RS256": maker.proof(header={"alg": "RS256"}),
        "5 no alg": maker.proof(header={"alg": None}),
        "5 alg of another key": maker.proof(header={"alg": "PS256"}),
        "6 another key's signature": maker.proof(header={"jwk": other.jwk}),
        "6 changed signature": f"{head}.{body}.{encoded(bytes(64))}",
        "6 no jwk": maker.proof(header={"jwk": None}),
        "6 jwk no object": maker.proof(header={"jwk": "key"}),
        "6 jwk of no point": maker.proof(header={"jwk": {**maker.jwk, "x": encoded(bytes(32))}}),
        "6 jwk without y": maker.proof(header={"jwk": {**maker.jwk, "y": 1}}),
        "6 jwk symmetric": maker.proof(header={"jwk": {"kty": "oct", "x": "AAAA"}}),
        "7 private key": maker.proof(header=whole),
        "8 another method": maker.proof(htm="GET"),
        "8 method in lower case": maker.proof(htm="post"),
        "9 another endpoint": maker.proof("/userinfo"),
        "9 another host": maker.proof(htu="https://evil.example/token"),
        "9 with a person": maker.proof(htu="https://a@connexion.example.fr/token"),
        "9 a longer path": maker.proof("/token/more"),
        "9 no address": maker.proof(htu="https://[/token"),
        "10 a nonce of nobody": maker.proof(nonce="AAAA"),
        "11 a minute ago": maker.proof(iat=int(maker.now) - 60),
        "11 in a minute": maker.proof(iat=int(maker.now) + 60),
        "11 it is over": maker.proof(exp=int(maker.now) - 1),
        "11 not yet": maker.proof(nbf=int(maker.now) + 60),
    }


CASES = tuple(wrong_proofs(ProofMaker(0, ISSUER), ProofMaker(0, ISSUER)))


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_proof_is_refused(web: FlaskClient, maker: ProofMaker, other: ProofMaker, case: str) -> None:
    """RFC 9449 section 4.3: the number of the check is the case's."""
    answer = ask(web, wrong_proofs(maker, other)[case])
    assert refused(answer, "use_dpop_nonce" if case.startswith("10") else "invalid_dpop_proof")
    assert 200 == ask(web, maker.proof()).status_code, "the control"


@pytest.mark.parametrize("offset", [-10, 0, 10])
def test_ten_seconds_either_side_pass(web: FlaskClient, maker: ProofMaker, offset: int) -> None:
    """RFC 9449 section 11.1; FAPI 2.0 Security Profile section 5.3.2.1: iat 10 s ahead is accepted."""
    now = int(maker.now) + offset
    assert 200 == ask(web, maker.proof(iat=now, nbf=now, exp=int(maker.now) + 10)).status_code


@pytest.mark.parametrize(
    "address",
    [
        "https://connexion.example.fr/token?a=b#c",
        "HTTPS://Connexion.Example.FR/token",
        "https://connexion.example.fr:443/token",
        "https://connexion.example.fr/%74oken",
    ],
)
def test_addresses_are_compared_normalised(web: FlaskClient, maker: ProofMaker, address: str) -> None:
    """RFC 9449 section 4.3, check 9: without query and fragment, RFC 3986 sections 6.2.2 and 6.2.3."""
    assert 200 == ask(web, maker.proof(htu=address)).status_code


@pytest.mark.parametrize("alg", ["EdDSA", "PS256"])
def test_other_kinds_of_key_bind_too(web: FlaskClient, maker: ProofMaker, alg: str) -> None:
    key: Any = OKPKey.generate_key("Ed25519") if alg == "EdDSA" else RSAKey.generate_key(2048)
    header = {"typ": "dpop+jwt", "alg": alg, "jwk": key.as_dict(private=False)}
    claims = {"jti": alg, "htm": "POST", "htu": f"{ISSUER}/token", "iat": int(maker.now)}
    token = ask(web, jwt.encode(header, claims, key, algorithms=[alg])).json["access_token"]
    about = web.post("/introspect", data={"token": token}, headers=basic()).json
    assert key.thumbprint() == about["cnf"]["jkt"]


def test_a_weak_key_binds_nothing() -> None:
    """RFC 7518 sections 3.4 and 3.5: 2048 bits, the algorithm's own curve."""
    modulus = rsa.generate_private_key(65537, 1024).public_key().public_numbers().n
    weak = {"kty": "RSA", "e": "AQAB", "n": encoded(modulus.to_bytes(128))}
    curve = ECKey.generate_key("P-384").as_dict(private=False)
    for jwk, alg in ((weak, "PS256"), (curve, "ES256")):
        header = encoded(f'{{"alg":"{alg}"}}'.encode())
        proof = read_assertion(f"{header}.{encoded(b'{}')}.{encoded(bytes(64))}")
        assert proof is not None
        assert verified_key(proof, jwk) is None


def test_a_proof_counts_once(web: FlaskClient, maker: ProofMaker, other: ProofMaker) -> None:
    """RFC 9449 section 11.1. Another key may use the same identifier."""
    proof = maker.proof(jti="once")
    assert [200, 400] == [ask(web, proof).status_code for _ in range(2)]
    assert refused(ask(web, maker.proof(jti="once", iat=int(maker.now) + 1)))
    assert 200 == ask(web, other.proof(jti="once")).status_code, "the control"


def test_a_proof_counts_once_across_nodes(deps: Deps, maker: ProofMaker) -> None:
    """RFC 9449 section 11.1: 16 requests at once, each at an application of its own."""
    apps = [quiet_app(deps) for _ in range(16)]
    proof = maker.proof()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda app: ask(app.test_client(), proof).status_code, apps))
    assert (1, 15) == (answers.count(200), answers.count(400))


@pytest.mark.parametrize("path", ["/introspect", "/revoke"])
def test_other_endpoints_refuse_a_replay_too(web: FlaskClient, maker: ProofMaker, path: str) -> None:
    """RFC 9449 section 11.1: whoever shows a proof has it checked, wherever it is sent."""
    proof = maker.proof(path)
    answers = [web.post(path, data={"token": "x"}, headers={**basic(), "DPoP": proof}) for _ in range(2)]
    assert [200, 400] == [answer.status_code for answer in answers]
    assert refused(answers[1])


def test_a_client_that_must_prove_a_key_gets_nothing_without(web: FlaskClient, maker: ProofMaker) -> None:
    """RFC 9449 section 5.2, dpop_bound_access_tokens."""
    assert refused(ask(web, None, "bound"))
    assert 200 == ask(web, maker.proof(), "bound").status_code


def test_a_fapi_client_must_show_a_key_or_a_certificate() -> None:
    """FAPI 2.0 Security Profile section 5.3.2.1 item 4: either will do, nothing will not."""
    client = partner("fapi", profile=Profile.FAPI2_SECURITY)
    shown = (NO_CONFIRMATION, Confirmation(jkt="thumb"), Confirmation(x5t_s256="digest"))
    assert [Lacking.ANY, None, None] == [lacking(client, one) for one in shown]
    assert lacking(partner("portal"), NO_CONFIRMATION) is None, "the control"


def test_the_holder_opens_userinfo(web: FlaskClient, maker: ProofMaker, bound: dict[str, Any]) -> None:
    """RFC 9449 section 7.1; the scheme in any case, RFC 9110 section 11.1."""
    headers = maker.at_userinfo(bound["access_token"])
    assert "s1" == web.get("/userinfo", headers=headers).json["sub"]
    headers = maker.at_userinfo(bound["access_token"])
    headers["Authorization"] = headers["Authorization"].replace("DPoP", "dPoP")
    assert 200 == web.get("/userinfo", headers=headers).status_code


def test_a_stolen_token_opens_nothing(
    web: FlaskClient, maker: ProofMaker, other: ProofMaker, bound: dict[str, Any]
) -> None:
    """RFC 9449 section 7.1, check 12: the token, its key, this token's hash, this request, once."""
    token = bound["access_token"]
    used = maker.at_userinfo(token)
    assert 200 == web.get("/userinfo", headers=used).status_code, "the control"
    attempts = {
        "another's key": (other.at_userinfo(token), "invalid_token"),
        "no proof": ({"Authorization": f"DPoP {token}"}, "invalid_dpop_proof"),
        "a used proof": (used, "invalid_dpop_proof"),
        "no ath": (maker.at_userinfo(token, ath=None), "invalid_dpop_proof"),
        "another token's ath": (maker.at_userinfo(token, ath=hashed("other")), "invalid_dpop_proof"),
        "the token endpoint's proof": ({"Authorization": f"DPoP {token}", "DPoP": maker.proof()}, "invalid_dpop_proof"),
    }
    for name, (headers, error) in attempts.items():
        answer = web.get("/userinfo", headers=headers)
        assert refused(answer, error, 401), name
        assert answer.headers["WWW-Authenticate"].startswith(f'DPoP realm="userinfo", error="{error}"'), name
        assert 'algs="ES256 EdDSA PS256"' in answer.headers["WWW-Authenticate"]


def test_a_bound_token_is_no_bearer_token(web: FlaskClient, maker: ProofMaker, bound: dict[str, Any]) -> None:
    """RFC 9449 section 7.2: no downgrade, in the header or in the body, with or without a proof."""
    token = bound["access_token"]
    headers = {**maker.at_userinfo(token), "Authorization": f"Bearer {token}"}
    for answer in (
        web.get("/userinfo", headers=headers),
        web.get("/userinfo", headers={"Authorization": f"Bearer {token}"}),
        web.post("/userinfo", data={"access_token": token}),
    ):
        assert refused(answer, "invalid_token", 401)
    assert 200 == web.get("/userinfo", headers=maker.at_userinfo(token)).status_code, "the control"


def test_a_bearer_token_is_no_bound_token(
    web: FlaskClient, maker: ProofMaker, tokens: Callable[..., dict[str, Any]]
) -> None:
    """RFC 9449 section 7.1: nobody takes an unbound token for a proven one."""
    token = tokens()["access_token"]
    assert refused(web.get("/userinfo", headers=maker.at_userinfo(token)), "invalid_token", 401)
    assert 200 == web.get("/userinfo", headers={"Authorization": f"Bearer {token}"}).status_code, "the control"


def test_a_code_bound_to_a_key_is_only_for_its_holder(
    web: FlaskClient, give_code: Codes, maker: ProofMaker, other: ProofMaker
) -> None:
    """RFC 9449 section 10: dpop_jkt."""
    code = give_code(dpop_jkt=maker.jkt)
    assert refused(redeem(web, code, other.proof()), "invalid_grant")
    assert refused(redeem(web, code, None), "invalid_grant")
    assert 200 == redeem(web, code, maker.proof()).status_code, "the control"


def refresh(web: FlaskClient, token: str, proof: str | None, client_id: str) -> Any:
    return ask(web, proof, client_id, grant_type="refresh_token", refresh_token=token)


def test_a_public_clients_refresh_token_is_bound(
    web: FlaskClient, give_code: Codes, maker: ProofMaker, other: ProofMaker
) -> None:
    """RFC 9449 section 5: a stolen refresh token of a public client is worthless, also within the ten seconds."""
    token = redeem(web, give_code("bound-spa"), maker.proof(), "bound-spa").json["refresh_token"]
    assert refused(refresh(web, token, other.proof(), "bound-spa"), "invalid_grant")
    assert refused(refresh(web, token, None, "bound-spa"), "invalid_grant")
    given = refresh(web, token, maker.proof(), "bound-spa")
    assert (200, "DPoP") == (given.status_code, given.json["token_type"]), "the control"
    assert refused(refresh(web, token, other.proof(), "bound-spa"), "invalid_grant")
    assert given.json == refresh(web, token, maker.proof(), "bound-spa").json, "the control: the holder lost the answer"


def test_a_client_that_proves_itself_may_change_its_key(
    web: FlaskClient, give_code: Codes, maker: ProofMaker, other: ProofMaker
) -> None:
    """RFC 9449 section 5: its refresh tokens are bound by its own authentication."""
    token = redeem(web, give_code(), maker.proof()).json["refresh_token"]
    given = refresh(web, token, other.proof(), "portal").json["access_token"]
    assert {"jkt": other.jkt} == web.post("/introspect", data={"token": given}, headers=basic()).json["cnf"]


def test_a_nonce_is_demanded_of_who_must_use_one(web: FlaskClient, maker: ProofMaker, clock: QuietClock) -> None:
    """RFC 9449 sections 8, 8.2 and 4.3 check 10: the answer brings it, the next one renews it, and it grows old."""
    first = ask(web, maker.proof(), "careful")
    nonce = first.headers["DPoP-Nonce"]
    assert refused(first, "use_dpop_nonce")
    given = ask(web, maker.proof(nonce=nonce), "careful")
    assert (200, nonce) == (given.status_code, given.headers["DPoP-Nonce"])
    clock.advance(10 * MINUTE)
    maker.now = clock.now() / SECOND
    late = ask(web, maker.proof(nonce=nonce), "careful")
    assert refused(late, "use_dpop_nonce")
    assert nonce != late.headers["DPoP-Nonce"]


def test_userinfo_demands_the_nonce_too(web: FlaskClient, give_code: Codes, maker: ProofMaker) -> None:
    """RFC 9449 section 9."""
    nonce = ask(web, maker.proof(), "careful").headers["DPoP-Nonce"]
    token = redeem(web, give_code("careful"), maker.proof(nonce=nonce), "careful").json["access_token"]
    answer = web.get("/userinfo", headers=maker.at_userinfo(token))
    assert refused(answer, "use_dpop_nonce", 401)
    assert 'error="use_dpop_nonce"' in answer.headers["WWW-Authenticate"]
    again = maker.at_userinfo(token, nonce=answer.headers["DPoP-Nonce"])
    assert 200 == web.get("/userinfo", headers=again).status_code


def test_whoever_is_not_asked_for_a_nonce_gets_none(web: FlaskClient, maker: ProofMaker) -> None:
    assert "DPoP-Nonce" not in ask(web, maker.proof()).headers


def test_a_proof_adds_one_statement(
    deps: Deps, web: FlaskClient, give_code: Codes, maker: ProofMaker, bound: dict[str, Any]
) -> None:
    """Issue 3, speed: at most one statement each."""
    code, proof = give_code(), maker.proof()
    with counted(deps.database) as sent:
        redeem(web, code, proof)
    assert 4 + 1 == len(sent)
    headers = maker.at_userinfo(bound["access_token"])
    with counted(deps.database) as sent:
        assert 200 == web.get("/userinfo", headers=headers).status_code
    assert 1 + 1 == len(sent)
    with counted(deps.database) as sent:
        assert 200 == ask(web, maker.proof()).status_code
    assert 1 == len(sent)


def test_a_stolen_token_writes_nothing(deps: Deps, web: FlaskClient, other: ProofMaker) -> None:
    """Whoever has no token of ours cannot fill the table of spent proofs."""
    with counted(deps.database) as sent:
        assert 401 == web.get("/userinfo", headers=other.at_userinfo("nonsense")).status_code
    assert [] == sent


def test_discovery_says_which_algorithms(web: FlaskClient) -> None:
    """RFC 9449 section 5.1; FAPI 2.0 Security Profile section 5.4.1: no RS256."""
    document = web.get("/.well-known/openid-configuration").json or {}
    assert ["ES256", "EdDSA", "PS256"] == document["dpop_signing_alg_values_supported"]


ODD: tuple[Any, ...] = ([], {}, 7, True, "\ud800", "", "é\0", 1e308, -1, [[]], "A" * 15_000)


@pytest.mark.parametrize("value", ODD, ids=lambda value: ascii(value)[:20])
def test_odd_values_anywhere_are_refused_and_never_an_error_of_ours(
    web: FlaskClient, maker: ProofMaker, value: Any
) -> None:
    """RFC 9449 section 4.3, check 2: a proof of any shape gets the RFC's error."""
    rsa_key = {"kty": "RSA", "n": "A" * 342, "e": "AQAB"}
    for name in ("typ", "alg", "jwk"):
        assert refused(ask(web, maker.proof(header={name: value}))), name
    for name in ("kty", "crv", "x", "y"):
        assert refused(ask(web, maker.proof(header={"jwk": {**maker.jwk, name: value}}))), name
    for name in ("kty", "n", "e"):
        assert refused(ask(web, maker.proof(header={"alg": "PS256", "jwk": {**rsa_key, name: value}}))), name
    for name in ("htm", "htu", "iat"):
        assert refused(ask(web, maker.proof(**{name: value}))), name
    for name in ("jti", "nonce", "nbf", "exp", "ath"):
        assert ask(web, maker.proof(**{name: value})).status_code in (200, 400), name
    head, body, _ = maker.proof().split(".")
    for signature in ("A", "AA", encoded(bytes(63)), encoded(bytes(65)), encoded(bytes(512))):
        assert refused(ask(web, f"{head}.{body}.{signature}"))
