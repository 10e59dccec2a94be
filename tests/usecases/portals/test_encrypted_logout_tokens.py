"""Logout tokens are encrypted as the client's ID tokens are (OpenID Connect Back-Channel Logout 1.0 section 2.4)."""

from __future__ import annotations

import json
from typing import cast

import pytest
from sqlalchemy import select

from idp.adapters.clock import QuietClock
from idp.adapters.logs import QuietLog
from idp.adapters.outbound import OutboundAnswer, QuietOutbound
from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.platform.instants import MINUTE
from idp.domain.portals.clients import Client, ClientRegistry
from idp.domain.portals.encryption import KeyManagement
from idp.store.database import Database
from idp.store.portals.logout import logout_deliveries
from idp.usecases.deps import Deps
from idp.usecases.portals.logout import sign_out
from idp.usecases.portals.logout_deliveries import tell_those_due
from tests.oauth.decryption import decrypted, new_key, public_jwk
from tests.quiet import quiet_deps
from tests.rows import make_account, make_authorization, make_session

ACTOR = Actor(ActorRole.PERSON, "Moutin", "192.0.2.1", "r1")
KEY = new_key("P-256")
ADDRESS, KEYS_AT = "https://paie.example.fr/bye", "https://paie.example.fr/jwks"
PAYROLL = Client(
    "payroll",
    backchannel_logout_uri=ADDRESS,
    jwks_uri=KEYS_AT,
    id_token_encrypted_response_alg=KeyManagement.ECDH_ES_A256KW,
)


@pytest.fixture
def deps(database: Database) -> Deps:
    registry = ClientRegistry("d", {"payroll": PAYROLL})
    return quiet_deps(database, registry=lambda: registry)


@pytest.fixture
def outbound(deps: Deps) -> QuietOutbound:
    return cast(QuietOutbound, deps.outbound)


def tokens(outbound: QuietOutbound) -> list[str]:
    return [fields["logout_token"] for method, _, fields in outbound.calls if method == "POST"]


def signed_out(deps: Deps) -> None:
    session = make_session(deps, make_account(deps))
    make_authorization(deps, session, "payroll")
    sign_out(deps, ACTOR, session)


def publish(outbound: QuietOutbound) -> None:
    keys = {"keys": [public_jwk(KEY, kid="k1", use="enc")]}
    outbound.answers[KEYS_AT] = OutboundAnswer(200, json.dumps(keys).encode(), {})


def test_a_logout_token_is_encrypted_and_names_us_outside(deps: Deps, outbound: QuietOutbound) -> None:
    """Back-Channel Logout section 2.4: `iss` is replicated in the header (RFC 7519 section 5.3)."""
    publish(outbound)
    signed_out(deps)
    header, inner = decrypted(tokens(outbound)[0], KEY)
    assert (header["iss"], header["cty"], header["kid"]) == (deps.issuer, "JWT", "k1")
    claims = deps.signer.verify(inner, typ="logout+jwt")
    assert claims is not None
    assert claims["aud"] == "payroll"


def test_without_a_key_nothing_is_told_in_the_clear_and_it_is_tried_again(deps: Deps, outbound: QuietOutbound) -> None:
    outbound.answers[KEYS_AT] = OutboundAnswer(503, b"", {})
    signed_out(deps)
    assert tokens(outbound) == []
    with deps.read() as connection:
        assert connection.execute(select(logout_deliveries.c.outcome)).scalars().all() == ["unreachable"]
    events = [facts["host"] for name, facts in cast(QuietLog, deps.log).lines if name == "client_keys.none_encrypts"]
    assert events == ["paie.example.fr"]
    publish(outbound)
    cast(QuietClock, deps.clock).advance(MINUTE)
    assert tell_those_due(deps, ACTOR, "runner") == 1
    assert decrypted(tokens(outbound)[0], KEY)[0]["alg"] == "ECDH-ES+A256KW"
