"""Signing out of one ends the session for all, and each portal it reached is told once."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any, cast

import pytest
from sqlalchemy import select

from idp.adapters.couriers import Couriers, QuietCouriers
from idp.adapters.outbound import OutboundAnswer, OutboundFailure, OutboundRefusal, QuietOutbound
from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.portals.clients import GATEWAY_CLIENT_ID, Client, ClientRegistry, SigningAlgorithm, SubjectType
from idp.domain.portals.logout import LOGOUT_EVENT, LogoutOutcome
from idp.store.database import Database
from idp.store.platform.audit import audit_events
from idp.store.portals.authorizations import logout_deliveries
from idp.usecases.deps import Deps
from idp.usecases.portals.logout import end_chosen_sessions, end_other_sessions, sign_out
from idp.usecases.sign_in.sessions import find_session
from tests.quiet import quiet_deps
from tests.rows import make_account, make_authorization, make_session

ACTOR = Actor(ActorRole.PERSON, "Moutin", "192.0.2.1", "r1")
FORMATION = Client("formation", "Formation", backchannel_logout_uri="https://formation.example.fr/bye")
PAYROLL = Client(
    "payroll",
    "Paie",
    backchannel_logout_uri="https://paie.example.fr/bye",
    subject_type=SubjectType.PAIRWISE,
    sector_identifier="paie.example.fr",
    id_token_signed_response_alg=SigningAlgorithm.ES256,
)
SILENT = Client("silent", "Muet")
CLIENTS = {client.client_id: client for client in (FORMATION, PAYROLL, SILENT, Client(GATEWAY_CLIENT_ID))}


@pytest.fixture
def deps(database: Database) -> Deps:
    registry = ClientRegistry("d", CLIENTS)
    return quiet_deps(database, registry=lambda: registry)


def calls(deps: Deps) -> dict[str, str]:
    return {url: fields["logout_token"] for _, url, fields in cast(QuietOutbound, deps.outbound).calls}


def claims(deps: Deps, token: str) -> dict[str, Any]:
    verified = deps.signer.verify(token, typ="logout+jwt")
    assert verified is not None
    return verified


def events(deps: Deps) -> list[str]:
    with deps.read() as connection:
        return list(connection.execute(select(audit_events.c.event).order_by(audit_events.c.id)).scalars())


def test_signing_out_ends_the_session_and_tells_every_portal_it_reached(deps: Deps) -> None:
    session = make_session(deps, make_account(deps))
    for client_id in ("formation", "payroll", "silent", GATEWAY_CLIENT_ID):
        make_authorization(deps, session, client_id)
    answers = sign_out(deps, ACTOR, session)
    assert find_session(deps, "session") is None
    assert {
        "Formation": LogoutOutcome.CONFIRMED, "Paie": LogoutOutcome.CONFIRMED, "Muet": LogoutOutcome.NOT_TOLD,
    } == {answer.name: answer.outcome for answer in answers}  # fmt: skip
    assert ["session.signed_out", "logout.delivered", "logout.delivered"] == events(deps)


def test_a_logout_token_says_who_and_which_session_and_is_signed_as_its_client_expects(deps: Deps) -> None:
    session = make_session(deps, make_account(deps))
    for client_id in ("formation", "payroll"):
        make_authorization(deps, session, client_id)
    sign_out(deps, ACTOR, session)
    told = {url: claims(deps, token) for url, token in calls(deps).items()}
    formation, payroll = told["https://formation.example.fr/bye"], told["https://paie.example.fr/bye"]
    assert ("formation", "Moutin", "sid-session-formation") == (formation["aud"], formation["sub"], formation["sid"])
    assert {LOGOUT_EVENT: {}} == formation["events"]
    assert "nonce" not in formation
    assert 120 == formation["exp"] - formation["iat"]
    assert "Moutin" != payroll["sub"]
    assert formation["jti"] != payroll["jti"]


def test_signing_out_twice_tells_nobody_again(deps: Deps) -> None:
    session = make_session(deps, make_account(deps))
    make_authorization(deps, session, "formation")
    sign_out(deps, ACTOR, session)
    assert () == sign_out(deps, ACTOR, session)
    assert 1 == len(calls(deps))


def test_what_a_portal_answers_is_kept(deps: Deps) -> None:
    session = make_session(deps, make_account(deps))
    for client_id in ("formation", "payroll"):
        make_authorization(deps, session, client_id)
    answers = cast(QuietOutbound, deps.outbound).answers
    answers["https://formation.example.fr/bye"] = OutboundAnswer(500, b"", {})
    answers["https://paie.example.fr/bye"] = OutboundFailure(OutboundRefusal.TOO_SLOW)
    sign_out(deps, ACTOR, session)
    with deps.read() as connection:
        rows = connection.execute(select(logout_deliveries).order_by(logout_deliveries.c.client_id)).all()
    assert [("formation", "refused", None), ("payroll", "unreachable", None)] == [
        (row.client_id, row.outcome, row.delivered_at) for row in rows
    ]
    assert 2 == events(deps).count("logout.not_delivered")


def test_a_portal_that_is_late_does_not_hold_the_person_up(deps: Deps) -> None:
    class Impatient(QuietCouriers):
        def carry(self, errands: Any, *, within: int) -> list[Any]:
            assert 2_000 == within
            return [None for _ in errands]

    session = make_session(deps, make_account(deps))
    make_authorization(deps, session, "formation")
    (answer,) = sign_out(replace(deps, couriers=Impatient()), ACTOR, session)
    assert LogoutOutcome.LATE == answer.outcome


def test_the_couriers_wait_only_so_long() -> None:
    release = threading.Event()
    try:
        assert [1, None] == Couriers(2).carry([lambda: 1, lambda: release.wait(30)], within=50)
    finally:
        release.set()


def test_one_session_can_be_ended_from_another(deps: Deps) -> None:
    account_id = make_account(deps)
    here, there = make_session(deps, account_id), make_session(deps, account_id, "there")
    make_authorization(deps, there, "formation")
    assert 1 == end_chosen_sessions(deps, ACTOR, here, session_ids=["there"])
    assert (True, False) == (find_session(deps, "session") is not None, find_session(deps, "there") is not None)
    assert 1 == len(calls(deps))


def test_several_sessions_end_together_and_their_portals_are_told_in_parallel(deps: Deps) -> None:
    carried: list[int] = []

    class Counting(QuietCouriers):
        def carry(self, errands: Any, *, within: int) -> list[Any]:
            carried.append(len(errands))
            return super().carry(errands, within=within)

    account_id = make_account(deps)
    here = make_session(deps, account_id)
    for name in ("b", "c"):
        make_authorization(deps, make_session(deps, account_id, name), "formation")
    assert 2 == end_chosen_sessions(replace(deps, couriers=Counting()), ACTOR, here, session_ids=["b", "c", "b"])
    assert [2] == carried


def test_nobody_ends_a_session_of_somebody_else(deps: Deps) -> None:
    mine = make_session(deps, make_account(deps))
    make_session(deps, make_account(deps, "Sawyer"), "theirs")
    assert 0 == end_chosen_sessions(deps, ACTOR, mine, session_ids=["theirs", "unknown"])
    assert find_session(deps, "theirs") is not None


def test_all_other_sessions_end_at_once(deps: Deps) -> None:
    account_id = make_account(deps)
    here = make_session(deps, account_id)
    for name in ("b", "c"):
        make_authorization(deps, make_session(deps, account_id, name), "formation")
    assert 2 == end_other_sessions(deps, ACTOR, here)
    assert find_session(deps, "session") is not None
    assert find_session(deps, "b") is None
    assert 2 == len(cast(QuietOutbound, deps.outbound).calls)
