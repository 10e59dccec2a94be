"""RFC 7515, 7519 and 8725: what is no clean, current signature of a key that we know is taken at no door."""

from __future__ import annotations

import base64
import hmac
import itertools
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from flask.testing import FlaskClient
from joserfc.jwk import ECKey

from idp.domain.platform.instants import to_seconds
from idp.domain.portals.clients import ClientAuthentication
from idp.domain.portals.registry_content import make_registry
from idp.store.database import Database
from idp.usecases.deps import Deps
from tests.oauth.assertions import JWT_BEARER
from tests.oauth.conftest import CALLBACK, CHALLENGE, ISSUER, basic, partner
from tests.quiet import quiet_app, quiet_deps

KEY = ECKey.generate_key("P-256", {"kid": "ec"}, private=True)
STRANGER = ECKey.generate_key("P-256", {"kid": "ec"}, private=True)
PUBLIC = KEY.as_dict(private=False)
JWKS = {"keys": [PUBLIC]}
NUMBERS = itertools.count(1)
EVIL = "https://evil.example/keys"
DOORS = ("assertion", "request object", "DPoP proof")
Make = Callable[["Door"], str]


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def private(key: ECKey) -> ec.EllipticCurvePrivateKey:
    assert key.private_key is not None
    return key.private_key


def raw_signature(message: str, key: ECKey = KEY) -> bytes:
    r, s = decode_dss_signature(private(key).sign(message.encode(), ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def seal(header: str, payload: str, key: ECKey = KEY) -> str:
    """Signed over exactly these two parts, however they are written."""
    return f"{header}.{payload}.{encoded(raw_signature(f'{header}.{payload}', key))}"


@dataclass(frozen=True)
class Door:
    """Where a signed text comes in: what an honest one says there, and whether the answer takes it."""

    head: Mapping[str, Any]
    said: Mapping[str, Any]
    status: Callable[[str], int]

    def header(self, **changes: Any) -> bytes:
        return json.dumps({**self.head, **changes}).encode()

    def claims(self, **changes: Any) -> bytes:
        made = {"jti": f"text-{next(NUMBERS)}", **self.said, **changes}
        return json.dumps({name: value for name, value in made.items() if value is not ...}).encode()

    def good(self, **changes: Any) -> str:
        return seal(encoded(self.header()), encoded(self.claims(**changes)))

    def takes(self, text: str) -> bool:
        """Or refuses it as the sender's mistake, never as ours."""
        status = self.status(text)
        assert status in (200, 201, 400, 401), status
        return status < 300


@pytest.fixture
def deps(database: Database) -> Deps:
    by_key = {"jwks": JWKS, "token_endpoint_auth_method": ClientAuthentication.PRIVATE_KEY_JWT, "secrets": ()}
    clients = [partner("signer", **by_key), partner("asker", jwks=JWKS), partner("plain")]
    registry = make_registry(ISSUER, clients, [])
    return quiet_deps(database, registry=lambda: registry)


@pytest.fixture
def web(deps: Deps) -> FlaskClient:
    return quiet_app(deps).test_client()


def assertion_door(web: FlaskClient, now: int) -> Door:
    def status(text: str) -> int:
        form = {"client_assertion_type": JWT_BEARER, "client_assertion": text, "token": "x"}
        return web.post("/introspect", data=form).status_code

    times = {"iat": now, "nbf": now, "exp": now + 60}
    return Door({"alg": "ES256", "kid": "ec"}, {"iss": "signer", "sub": "signer", "aud": ISSUER, **times}, status)


def request_door(web: FlaskClient, now: int) -> Door:
    def status(text: str) -> int:
        return web.post("/par", data={"client_id": "asker", "request": text}, headers=basic("asker")).status_code

    asked = {
        "client_id": "asker", "redirect_uri": CALLBACK, "response_type": "code", "scope": "openid",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    }  # fmt: skip
    times = {"iat": now, "nbf": now, "exp": now + 60}
    return Door({"alg": "ES256", "kid": "ec"}, {"iss": "asker", "aud": ISSUER, **asked, **times}, status)


def proof_door(web: FlaskClient, now: int) -> Door:
    def status(text: str) -> int:
        form = {"grant_type": "client_credentials"}
        return web.post("/token", data=form, headers={**basic("plain"), "DPoP": text}).status_code

    jwk = {name: PUBLIC[name] for name in ("kty", "crv", "x", "y")}
    said = {"htm": "POST", "htu": f"{ISSUER}/token", "iat": now, "nbf": now, "exp": now + 10}
    return Door({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}, said, status)


def door_of(name: str, web: FlaskClient, deps: Deps) -> Door:
    make = {"assertion": assertion_door, "request object": request_door, "DPoP proof": proof_door}[name]
    return make(web, to_seconds(deps.clock.now()))


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest, web: FlaskClient, deps: Deps) -> Door:
    return door_of(request.param, web, deps)


@pytest.fixture(params=DOORS[:2])
def keyed(request: pytest.FixtureRequest, web: FlaskClient, deps: Deps) -> Door:
    """A door whose keys are registered: a header can only name them."""
    return door_of(request.param, web, deps)


def with_claims(door: Door, raw: bytes) -> str:
    return seal(encoded(door.header()), encoded(raw))


def with_header(door: Door, raw: bytes) -> str:
    return seal(encoded(raw), encoded(door.claims()))


def saying(**claims: Any) -> Make:
    """A good text but for these claims; `...` leaves one out."""
    return lambda door: door.good(**claims)


def heading(key: ECKey = KEY, **header: Any) -> Make:
    """A good text but for these headers, and who signed it."""
    return lambda door: seal(encoded(door.header(**header)), encoded(door.claims()), key)


def member(raw: bytes, text: bytes) -> bytes:
    """This JSON object with one more member, as it is written."""
    return raw[:-1] + b", " + text + b"}"


def spaced(raw: bytes) -> bytes:
    """The same JSON in a length whose last letter has bits to spare."""
    return raw + b" " * ((1 - len(raw)) % 3)


def other_letter(part: str) -> str:
    """The same bytes by another last letter (RFC 4648 section 3.5)."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    found = part[:-1] + letters[letters.index(part[-1]) + 1]
    assert base64.urlsafe_b64decode(found + "==") == base64.urlsafe_b64decode(part + "==")
    return found


def signature_as(change: Callable[[str], str]) -> Make:
    def make(door: Door) -> str:
        message, _, signature = door.good().rpartition(".")
        return f"{message}.{change(signature)}"

    return make


def standard_letters(door: Door) -> str:
    part = encoded(member(door.claims(), b'"x": "??>>??>>"'))
    assert {"-", "_"} & set(part)
    return seal(encoded(door.header()), part.replace("-", "+").replace("_", "/"))


def as_json(door: Door) -> str:
    protected, payload, signature = door.good().split(".")
    return json.dumps({"payload": payload, "protected": protected, "signature": signature})


def bomb(door: Door) -> str:
    """Small here, ten megabytes elsewhere."""
    raw = zlib.compress(door.claims() + b" " * 10_000_000, 9)[2:-4]
    return seal(encoded(door.header(zip="DEF")), encoded(raw))


BASE64URL: dict[str, Make] = {
    "header padded": lambda door: seal(encoded(spaced(door.header())) + "==", encoded(door.claims())),
    "payload padded": lambda door: seal(encoded(door.header()), encoded(spaced(door.claims())) + "=="),
    "signature padded": signature_as(lambda text: text + "=="),
    "header by another letter": lambda door: seal(other_letter(encoded(spaced(door.header()))), encoded(door.claims())),
    "payload by another letter": lambda door: seal(
        encoded(door.header()), other_letter(encoded(spaced(door.claims())))
    ),
    "signature by another letter": signature_as(other_letter),
    "a blank in the payload": lambda door: seal(encoded(door.header()), "IA" + " " + encoded(door.claims())),
    "a star in the signature": signature_as(lambda text: "*" + text),
    "a star inside the signature": signature_as(lambda text: text[:20] + "*!" + text[20:]),
    "the letters of base64": standard_letters,
    "a letter too many": signature_as(lambda text: text + "AAA"),
}
SHAPES: dict[str, Make] = {
    "nothing": lambda door: "..",
    "no header": lambda door: seal("", encoded(door.claims())),
    "no payload": lambda door: seal(encoded(door.header()), ""),
    "no signature": signature_as(lambda text: ""),
    "no dot at the end": lambda door: door.good().rpartition(".")[0],
    "four parts": lambda door: door.good() + ".AA",
    "five parts": lambda door: door.good() + ".AA.AA",
    "an empty JWE": lambda door: "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0....",
    "a dot before": lambda door: "." + door.good(),
    "JSON serialization": as_json,
    "twice": lambda door: door.good() + "," + door.good(),
    "16 KiB": lambda door: door.good(x="a" * 16_384),
    "a letter of two bytes": signature_as(lambda text: text[:-1] + "\u00e9"),
    "compressed": bomb,
    "a payload within": lambda door: with_claims(door, door.good().encode()),
    "a payload that is not encoded": lambda door: seal(encoded(door.header(b64=False)), door.claims().decode("ascii")),
}
PAYLOADS: dict[str, Make] = {
    "a list": lambda door: with_claims(door, b"[" + door.claims() + b"]"),
    "a text": lambda door: with_claims(door, json.dumps(door.claims().decode()).encode()),
    "null": lambda door: with_claims(door, b"null"),
    "true": lambda door: with_claims(door, b"true"),
    "a number": lambda door: with_claims(door, b"7"),
    "no JSON": lambda door: with_claims(door, b"{"),
    "JSON and more": lambda door: with_claims(door, door.claims() + b"{}"),
    "a comma too many": lambda door: with_claims(door, door.claims()[:-1] + b",}"),
    "a NUL behind": lambda door: with_claims(door, door.claims() + b"\0"),
    "a NUL inside": lambda door: with_claims(door, member(door.claims(), b'"x": "\\u0000"')),
    "half a pair": lambda door: with_claims(door, member(door.claims(), b'"x": "\\ud800"')),
    "no UTF-8": lambda door: with_claims(door, member(door.claims(), b'"x": "\xff"')),
    "overlong UTF-8": lambda door: with_claims(door, member(door.claims(), b'"x": "\xc0\xae"')),
    "UTF-16": lambda door: with_claims(door, door.claims().decode().encode("utf-16-le")),
    "UTF-32": lambda door: with_claims(door, door.claims().decode().encode("utf-32-be")),
    "a byte order mark": lambda door: with_claims(door, b"\xef\xbb\xbf" + door.claims()),
    "NaN": lambda door: with_claims(door, member(door.claims(), b'"x": NaN')),
    "Infinity": lambda door: with_claims(door, member(door.claims(), b'"x": -Infinity')),
    "a number of 5000 digits": lambda door: with_claims(door, member(door.claims(), b'"x": ' + b"9" * 5000)),
    "a claim twice": lambda door: with_claims(door, member(door.claims(), b'"iat": 1')),
    "a claim twice, the right one last": lambda door: with_claims(door, b'{"iat": 1, ' + door.claims()[1:]),
    "a claim twice by escapes": lambda door: with_claims(door, b'{"\\u0069at": 1, ' + door.claims()[1:]),
    "lists without end": lambda door: with_claims(door, member(door.claims(), b'"x": ' + b"[" * 9000)),
    "deep lists": lambda door: with_claims(door, member(door.claims(), b'"x": ' + b"[" * 4500 + b"]" * 4500)),
    "deep objects": lambda door: with_claims(
        door, member(door.claims(), b'"x": ' + b'{"":' * 1500 + b"0" + b"}" * 1500)
    ),
}  # fmt: skip
HEADERS: dict[str, Make] = {
    "a list": lambda door: with_header(door, b"[" + door.header() + b"]"),
    "alg twice": lambda door: with_header(door, b'{"alg": "none", ' + door.header()[1:]),
    "UTF-16": lambda door: with_header(door, door.header().decode().encode("utf-16-le")),
    "a NUL behind": lambda door: with_header(door, door.header() + b"\0"),
    "deep lists": lambda door: with_header(door, member(door.header(), b'"x": ' + b"[" * 4500 + b"]" * 4500)),
    "crit and b64": lambda door: with_header(door, door.header(crit=["b64"], b64=False)),
    "crit of what is known": lambda door: with_header(door, door.header(crit=["alg"])),
    "crit of what is not there": lambda door: with_header(door, door.header(crit=["exp"])),
    "crit of nothing": lambda door: with_header(door, door.header(crit=[])),
    "crit as a text": lambda door: with_header(door, door.header(crit="b64")),
    "crit null": lambda door: with_header(door, door.header(crit=None)),
}
CASES = {
    f"{kind}: {name}": make
    for kind, table in {"base64url": BASE64URL, "shape": SHAPES, "payload": PAYLOADS, "header": HEADERS}.items()
    for name, make in table.items()
}


def taken(door: Door, cases: Mapping[str, Make]) -> list[str]:
    """Which of these go through, at a door where honest texts do, before and after."""
    assert door.takes(door.good()), "the control"
    found = [name for name, make in cases.items() if door.takes(make(door))]
    assert door.takes(door.good()), "the control"
    return found


def test_what_is_not_clean_is_refused(door: Door) -> None:
    """RFC 7515 sections 2, 3, 4, 4.1.11, 5.2 and 10.12, RFC 7519 sections 4 and 7.2, RFC 8259 sections 6 and 8.1: no
    other letters, encodings, numbers or shapes, and each name once. The signature is right in nearly all of them."""
    assert [] == taken(door, CASES)


def pem() -> bytes:
    return KEY.as_pem(private=False)


SECRETS: dict[str, Callable[[], bytes]] = {
    "its PEM": pem,
    "its PEM without the last line's end": lambda: pem().rstrip(),
    "its DER": lambda: KEY.as_der(private=False),
    "its JWK": lambda: json.dumps(PUBLIC).encode(),
    "its x": lambda: str(PUBLIC["x"]).encode(),
    "nothing": lambda: b"",
    "the client's name": lambda: b"signer",
}


def as_hmac(name: str, alg: str) -> Make:
    def make(door: Door) -> str:
        message = f"{encoded(door.header(alg=alg))}.{encoded(door.claims())}"
        return f"{message}.{encoded(hmac.digest(SECRETS[name](), message.encode(), f'sha{alg[2:]}'))}"

    return make


def test_a_public_key_is_no_secret_at_any_door(door: Door) -> None:
    """RFC 8725 sections 2.1 and 3.1."""
    cases = {f"{alg} {name}": as_hmac(name, alg) for alg in ("HS256", "HS384", "HS512") for name in SECRETS}
    assert [] == taken(door, cases)


ALGORITHMS = [
    "none", "None", "NONE", "nOnE", "none ", "", "es256", "ES256 ", " ES256", "ES256\x00", "ES256K", "ES384", "ES512",
    "RS256", "PS256", "RS1", "dir", "A256KW", "ECDH-ES", "PBES2-HS256+A128KW", ["ES256"], ["none"], {"ES256": 1}, None,
    True, 0, -7, "E\u017f256",
]  # fmt: skip


def under(alg: Any, *, signed: bool) -> Make:
    def make(door: Door) -> str:
        text = seal(encoded(door.header(alg=alg)), encoded(door.claims()))
        return text if signed else text.rpartition(".")[0] + "."

    return make


def test_the_header_chooses_no_algorithm(door: Door) -> None:
    """RFC 7515 section 4.1.1, RFC 7518 section 3.6, RFC 8725 section 3.1: with no signature, or the key's own."""
    cases = {f"{alg!r} {signed}": under(alg, signed=signed) for alg in ALGORITHMS for signed in (True, False)}
    assert [] == taken(door, cases)


ORDER = int("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", 16)
"""Of P-256."""


def der(door: Door) -> str:
    message = f"{encoded(door.header())}.{encoded(door.claims())}"
    return f"{message}.{encoded(private(KEY).sign(message.encode(), ec.ECDSA(hashes.SHA256())))}"


def numbers(r: int, s: int) -> Make:
    return signature_as(lambda _: encoded(r.to_bytes(32) + s.to_bytes(32)))


SIGNATURES: dict[str, Make] = {
    "zeros": numbers(0, 0),
    "ones": numbers(1, 1),
    "the order": numbers(ORDER, ORDER),
    "one and zero": numbers(1, 0),
    "DER": der,
    "another text's": lambda door: f"{door.good().rpartition('.')[0]}.{door.good().rpartition('.')[2]}",
    "a stranger's": lambda door: seal(encoded(door.header()), encoded(door.claims()), STRANGER),
    "a byte shorter": signature_as(lambda text: encoded(base64.urlsafe_b64decode(text + "==")[:-1])),
    "a byte longer": signature_as(lambda text: encoded(base64.urlsafe_b64decode(text + "==") + b"\0")),
    "a byte before": signature_as(lambda text: encoded(b"\0" + base64.urlsafe_b64decode(text + "=="))),
}


def test_a_wrong_signature_proves_nothing(door: Door) -> None:
    """RFC 7518 section 3.4: 64 bytes, r and s, neither zero; RFC 7515 section 5.2."""
    assert [] == taken(door, SIGNATURES)


HUGE = [10**400, 2**63, 2**64, -(2**63), 1e308, 2**53, True, False, "9999999999", [9999999999], {"$gt": 0}, None]


@pytest.mark.parametrize("name", ["iat", "nbf", "exp"])
def test_a_time_is_a_number_that_a_clock_can_show(door: Door, name: str) -> None:
    """RFC 7519 section 2, NumericDate: nothing huge, no text, no list, and no arithmetic of ours that breaks on it."""
    cases = {repr(value)[:20]: saying(**{name: value}) for value in HUGE}
    cases["1e400"] = lambda at: with_claims(at, member(at.claims(**{name: ...}), f'"{name}": 1e400'.encode()))
    assert [] == taken(door, cases)


def test_a_text_has_its_time(door: Door) -> None:
    """RFC 7519 sections 4.1.4 to 4.1.6, RFC 8725 section 3.8; RFC 9449 section 11.1."""
    now = door.said["iat"]
    times = {"over": {"exp": now - 60}, "not yet": {"nbf": now + 120}, "made tomorrow": {"iat": now + 86_400}}
    assert [] == taken(door, {name: saying(**said) for name, said in times.items()})


AUDIENCES = [
    f"{ISSUER}/", ISSUER.upper(), ISSUER.replace("https", "http"), f"{ISSUER}:443", f"{ISSUER} ", f" {ISSUER}",
    f"{ISSUER}.evil.example", f"{ISSUER}@evil.example", f"{ISSUER}#", f"{ISSUER}?", ISSUER[:-1], "", "*", None, 0, {},
    [], [""], [[ISSUER]], {"aud": ISSUER}, [f"{ISSUER}/"], [{"0": ISSUER}], "https://evil.example",
    ["https://evil.example"], f"{ISSUER},https://evil.example", f"{ISSUER} https://evil.example",
]  # fmt: skip


def test_the_audience_is_compared_letter_by_letter(keyed: Door) -> None:
    """RFC 7519 section 4.1.3, RFC 7523 section 3 item 3, RFC 9101 section 4, RFC 8725 section 3.9."""
    assert [] == taken(keyed, {repr(aud): saying(aud=aud) for aud in AUDIENCES})


KIDS = [
    "../../../../dev/null", "/dev/null", "file:///etc/passwd", "ec' OR '1'='1", "ec'; DROP TABLE clients; --", "ec\n",
    "\nec", "EC", "ec ", "e%63", "${jndi:ldap://evil.example/a}", "|/bin/true", "x" * 10_000, EVIL, "", "\u202eec",
    ["ec"], {"ec": 1}, 7, True, 1e300, "__proto__",
]  # fmt: skip


def test_a_key_id_is_a_name_and_nothing_more(keyed: Door, deps: Deps) -> None:
    """RFC 7515 section 4.1.4, RFC 8725 section 3.10: right signatures, under names that are not the key's."""
    cases = {repr(kid)[:30]: heading(kid=kid) for kid in KIDS}
    assert [] == taken(keyed, cases)
    assert [] == deps.outbound.calls  # type: ignore[attr-defined]


POINTERS: dict[str, dict[str, Any]] = {
    "jku": {"jku": EVIL},
    "jku of a host that begins alike": {"jku": f"{ISSUER}.evil.example/jwks"},
    "jku of our own metadata service": {"jku": "http://169.254.169.254/latest/meta-data/"},
    "jku as a file": {"jku": "file:///etc/passwd"},
    "x5u": {"x5u": EVIL},
    "jwk": {"jwk": STRANGER.as_dict(private=False)},
    "x5c": {"x5c": ["MIIB"]},
    "x5t": {"x5t#S256": "AAAA"},
    "all": {"jku": EVIL, "x5u": EVIL, "jwk": STRANGER.as_dict(private=False), "x5c": ["MIIB"]},
}


def test_a_header_brings_no_key_along(keyed: Door, deps: Deps) -> None:
    """RFC 8725 section 3.10, RFC 7515 sections 4.1.2 to 4.1.6: nothing that it points to is fetched or believed."""
    cases = {name: heading(STRANGER, **said) for name, said in POINTERS.items()}
    assert [] == taken(keyed, cases)
    assert [] == deps.outbound.calls  # type: ignore[attr-defined]


def test_an_assertion_lives_shortly_and_has_an_end(web: FlaskClient, deps: Deps) -> None:
    """RFC 7523 section 3 items 4 and 7: what never ends would have to be remembered for ever."""
    door = door_of("assertion", web, deps)
    now = door.said["iat"]
    lives = {"no end": ..., "a year": now + 365 * 86_400, "for ever": 2**39}
    assert [] == taken(door, {name: saying(exp=exp) for name, exp in lives.items()})


def test_what_was_used_at_one_node_is_spent_at_another(web: FlaskClient, deps: Deps) -> None:
    """RFC 7523 section 3 item 7, RFC 9449 section 11.1: another endpoint or application, in any spelling."""
    elsewhere = quiet_app(deps).test_client()
    for name in ("assertion", "DPoP proof"):
        here, there = door_of(name, web, deps), door_of(name, elsewhere, deps)
        text = here.good()
        assert here.takes(text), "the control"
        assert not there.takes(text)
        assert not there.takes(text + "=="), "another spelling is no other text"
        assert there.takes(there.good()), "the control"
    used = door_of("assertion", web, deps).good()
    form = {"client_assertion_type": JWT_BEARER, "client_assertion": used}
    assert 200 == elsewhere.post("/revoke", data={**form, "token": "x"}).status_code, "the control"
    answer = web.post("/token", data={**form, "grant_type": "client_credentials"})
    assert (401, "invalid_client") == (answer.status_code, (answer.json or {})["error"])
