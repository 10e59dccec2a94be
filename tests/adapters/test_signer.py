"""What we sign comes back as ours; nothing else does."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from idp.adapters.clock import QuietClock
from idp.adapters.key_ring import KeyRing, make_key, parse_key
from idp.adapters.signer import REMEMBERED, NoSigningKey, QuietSigner, Signer
from idp.domain.platform.instants import Instant
from idp.domain.platform.keys import KeyState, SigningAlgorithm, SigningKey

ES256 = SigningAlgorithm.ES256
CLAIMS = {"iss": "https://connexion.example.fr", "sub": "abc", "n": 1}


@pytest.fixture
def signer() -> Signer:
    return QuietSigner(QuietClock())


def part(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


# RFC 9864 wants "Ed25519"; partners register the "EdDSA" of RFC 8037, and the library that checks us here says so.
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864")
@pytest.mark.parametrize("alg", list(SigningAlgorithm))
def test_what_is_signed_is_recognised_by_us_and_by_any_library_with_our_jwks(
    signer: Signer, alg: SigningAlgorithm
) -> None:
    token = signer.sign(CLAIMS, alg=alg, typ="JWT")
    assert signer.verify(token) == CLAIMS
    keys = KeySet.import_key_set(json.loads(signer.jwks()))
    assert jwt.decode(token, keys, algorithms=[alg]).claims == CLAIMS


def test_keys_are_parsed_once(signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    def parsed_again(*_: object, **__: object) -> None:
        raise AssertionError

    shown = signer.jwks()
    for kind in (RSAKey, ECKey, OKPKey):
        monkeypatch.setattr(kind, "import_key", parsed_again)
    for alg in SigningAlgorithm:
        assert signer.verify(signer.sign(CLAIMS, alg=alg, typ="JWT")) == CLAIMS
    assert signer.jwks() is shown
    with pytest.raises(AssertionError):
        make_ring()


def make_ring() -> KeyRing:
    """The control: whoever makes a ring parses."""
    made = make_key(ES256)
    return KeyRing(1, [parse_key(SigningKey(made.kid, ES256, KeyState.ACTIVE, Instant(0)), made.public_jwk, None)])


def test_the_header_names_algorithm_key_and_kind(signer: Signer) -> None:
    header = json.loads(urlsafe_b64decode(signer.sign({}, alg=ES256, typ="at+jwt").split(".")[0] + "=="))
    active = signer.ring.active(ES256)
    assert active is not None
    assert header == {"alg": "ES256", "kid": active.key.kid, "typ": "at+jwt"}


def test_an_access_token_is_not_an_id_token(signer: Signer) -> None:
    token = signer.sign(CLAIMS, alg=ES256, typ="at+jwt")
    assert signer.verify(token, typ="JWT") is None
    assert signer.verify(token, typ="at+jwt") == CLAIMS


@pytest.mark.parametrize("alg", ["none", "HS256", "RS256", "es256", None, 5])
def test_the_header_cannot_choose_another_algorithm(signer: Signer, alg: object) -> None:
    _, body, signature = signer.sign(CLAIMS, alg=ES256, typ="JWT").split(".")
    active = signer.ring.active(ES256)
    assert active is not None
    forged = part({"alg": alg, "kid": active.key.kid, "typ": "JWT"})
    assert signer.verify(f"{forged}.{body}.{signature}") is None
    assert signer.verify(f"{forged}.{body}.") is None


def test_a_changed_claim_is_seen(signer: Signer) -> None:
    header, _, signature = signer.sign(CLAIMS, alg=ES256, typ="JWT").split(".")
    assert signer.verify(f"{header}.{part({**CLAIMS, 'sub': 'other'})}.{signature}") is None


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "é.é.é",
        "\x00.\x00.\x00",
        "e30.e30.",
        "." * 3,
        "[" * 9000 + ".a.b",
        "x" * 99999,
    ],
)
def test_rubbish_is_not_ours_and_never_raises(signer: Signer, token: str) -> None:
    assert signer.verify(token) is None


def test_a_token_has_one_spelling_so_that_revoking_it_by_text_or_jti_is_the_same(signer: Signer) -> None:
    token = signer.sign(CLAIMS, alg=ES256, typ="JWT")
    assert signer.verify(token + "\n") is None
    assert signer.verify(token + "=") is None
    twins = [other for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if (other := token[:-1] + letter) != token]
    assert [twin for twin in twins if signer.verify(twin)] == []


def test_without_a_key_nothing_is_signed() -> None:
    with pytest.raises(NoSigningKey):
        Signer(QuietClock()).sign({}, alg=ES256, typ="JWT")


def test_a_key_leaves_the_jwks_when_the_last_token_is_dead_and_is_trusted_for_hints_until_it_expires() -> None:
    clock = QuietClock(1_000)
    signer = Signer(clock)
    made = make_key(ES256)
    active = SigningKey(made.kid, ES256, KeyState.ACTIVE, Instant(0))
    signer.swap(KeyRing(1, [parse_key(active, made.public_jwk, made.private)]))
    token = signer.sign(CLAIMS, alg=ES256, typ="JWT")
    retired = replace(active, state=KeyState.RETIRED, published_until=Instant(2_000), expires_at=Instant(3_000))
    signer.swap(KeyRing(2, [parse_key(retired, made.public_jwk, None)]))
    assert made.kid in signer.jwks().decode()
    clock.advance(1_000)
    assert (signer.jwks(), signer.verify(token)) == (b'{"keys":[]}', CLAIMS)
    clock.advance(1_000)
    assert signer.verify(token) is None


def test_a_compromised_key_is_neither_shown_nor_believed() -> None:
    signer = Signer(QuietClock())
    made = make_key(ES256)
    active = SigningKey(made.kid, ES256, KeyState.ACTIVE, Instant(0))
    signer.swap(KeyRing(1, [parse_key(active, made.public_jwk, made.private)]))
    token = signer.sign(CLAIMS, alg=ES256, typ="JWT")
    compromised = replace(active, state=KeyState.COMPROMISED)
    signer.swap(KeyRing(2, [parse_key(compromised, made.public_jwk, None)]))
    assert (signer.jwks(), signer.verify(token)) == (b'{"keys":[]}', None)


def test_a_remembered_token_is_still_refused_when_its_key_is_gone_or_its_kind_is_another(signer: Signer) -> None:
    token = signer.sign(CLAIMS, alg=ES256, typ="at+jwt")
    assert CLAIMS == signer.verify(token) == signer.verify(token, typ="at+jwt")
    assert signer.verify(token, typ="JWT") is None
    signer.swap(KeyRing(2, ()))
    assert signer.verify(token) is None


def test_nobody_changes_what_is_remembered_of_a_token(signer: Signer) -> None:
    token = signer.sign(CLAIMS, alg=ES256, typ="at+jwt")
    claims = signer.verify(token)
    assert claims is not None
    claims["sub"] = "victim"
    assert CLAIMS == signer.verify(token)


def test_only_so_many_tokens_are_remembered(signer: Signer) -> None:
    for number in range(REMEMBERED + 10):
        assert signer.verify(signer.sign({"n": number}, alg=ES256, typ="at+jwt")) == {"n": number}
    assert len(signer._verified) <= REMEMBERED
