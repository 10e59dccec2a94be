"""A token counts only under the algorithm of the key that it names, and only as what it was made to be."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from joserfc.jwk import KeySet

from idp.domain.portals.clients import SigningAlgorithm
from idp.usecases.deps import Deps
from tests.oauth.conftest import ISSUER, basic

Tokens = Callable[..., dict[str, Any]]


def encoded(value: Any) -> bytes:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def decoded(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=="))


def public_pem(deps: Deps, kid: str) -> bytes:
    keys = KeySet.import_key_set(json.loads(deps.signer.jwks()))
    return keys.get_by_kid(kid).as_pem(private=False)


def forged_by_hmac(deps: Deps, token: str) -> str:
    """The same claims for another person, signed by HMAC under our public key."""
    head, payload, _ = token.split(".")
    header, claims = decoded(head), decoded(payload)
    message = encoded({**header, "alg": "HS256"}) + b"." + encoded({**claims, "sub": "victim"})
    return (message + b"." + encoded(hmac.digest(public_pem(deps, header["kid"]), message, "sha256"))).decode()


def trusting_verifier(deps: Deps, token: str) -> bool:
    """The control: takes algorithm and key from the header."""
    message, _, signature = token.rpartition(".")
    header = decoded(message.split(".")[0])
    if header["alg"] == "none":
        return True
    made = hmac.digest(public_pem(deps, header["kid"]), message.encode(), "sha256")
    return hmac.compare_digest(encoded(made), signature.encode())


def accepted(web: FlaskClient, token: str) -> bool:
    opened = web.get("/userinfo", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    return opened or web.post("/introspect", data={"token": token}, headers=basic()).json["active"]


def test_our_public_key_is_no_hmac_secret(deps: Deps, web: FlaskClient, tokens: Tokens) -> None:
    token = tokens()["access_token"]
    forged = forged_by_hmac(deps, token)
    assert trusting_verifier(deps, forged), "the control: the attack works on a verifier that trusts the header"
    assert not accepted(web, forged)
    assert accepted(web, token)


@pytest.mark.parametrize("alg", ["none", "None", "", "RS256", "HS256"])
def test_a_header_does_not_choose_the_algorithm(deps: Deps, web: FlaskClient, tokens: Tokens, alg: str) -> None:
    head, payload, signature = tokens()["access_token"].split(".")
    header = {**decoded(head), "alg": alg}
    for tail in ("", signature):
        forged = f"{encoded(header).decode()}.{payload}.{tail}"
        assert alg != "none" or trusting_verifier(deps, forged)
        assert not accepted(web, forged)


def test_a_token_of_another_issuer_is_none_of_ours(deps: Deps, web: FlaskClient, tokens: Tokens) -> None:
    claims = deps.signer.verify(tokens()["access_token"])
    assert claims is not None
    other = deps.signer.sign({**claims, "iss": "https://other.example"}, alg=SigningAlgorithm.ES256, typ="at+jwt")
    same = deps.signer.sign(claims, alg=SigningAlgorithm.ES256, typ="at+jwt")
    assert not accepted(web, other)
    assert accepted(web, same), "the control: signed again as it was"


def test_a_logout_token_or_id_token_with_all_claims_is_no_access_token(
    deps: Deps, web: FlaskClient, tokens: Tokens
) -> None:
    claims = deps.signer.verify(tokens()["access_token"])
    assert claims is not None
    for typ in ("JWT", "logout+jwt", "AT+JWT"):
        assert not accepted(web, deps.signer.sign(claims, alg=SigningAlgorithm.ES256, typ=typ))


def test_a_grant_of_another_client_lends_itself_to_nobody(deps: Deps, web: FlaskClient, tokens: Tokens) -> None:
    """Even a token that we would have signed: the grant it rests on must be its client's."""
    claims = deps.signer.verify(tokens("other")["access_token"])
    assert claims is not None
    mixed = deps.signer.sign({**claims, "client_id": "portal"}, alg=SigningAlgorithm.ES256, typ="at+jwt")
    assert not accepted(web, mixed)


@pytest.mark.parametrize("missing", ["aud", "exp", "jti", "client_id", "scope", "sub", "iat", "iss"])
def test_a_token_without_one_of_its_claims_is_none(deps: Deps, web: FlaskClient, tokens: Tokens, missing: str) -> None:
    claims = deps.signer.verify(tokens()["access_token"])
    assert claims is not None
    assert claims["iss"] == ISSUER
    partial = {name: value for name, value in claims.items() if name != missing}
    assert not accepted(web, deps.signer.sign(partial, alg=SigningAlgorithm.ES256, typ="at+jwt"))
