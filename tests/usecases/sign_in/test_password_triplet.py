"""What comes of a sent sign-in form."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from idp.adapters.hasher import Place, QuietHasher
from idp.adapters.metrics import QuietMetrics
from idp.adapters.password_hashes import Pepper
from idp.domain.platform.actors import Actor
from idp.domain.platform.instants import SECOND
from idp.domain.platform.metrics import Metric
from idp.domain.sign_in.password_triplet import Busy, Refused, SignedIn, SiretClosed
from idp.store.people.accounts import accounts
from idp.store.people.legal_units import establishments
from idp.store.platform.jobs import jobs
from idp.store.platform.rate_limits import rate_limits
from idp.store.sign_in.devices import devices
from idp.store.sign_in.transactions import find_transaction_row
from idp.usecases.deps import Deps, StoreUnavailable
from idp.usecases.sign_in.sessions import find_session
from tests.rows import SIRET
from tests.usecases.sign_in.conftest import PASSWORD, Door


def counters(door: Door) -> set[int]:
    with door.deps.read() as connection:
        return set(connection.execute(select(rate_limits.c["count"])).scalars())


def stored_hash(door: Door) -> str | None:
    with door.deps.read() as connection:
        return connection.execute(select(accounts.c.password_hash)).scalar_one()


def test_the_right_four_open_a_session(door: Door) -> None:
    signed_in = door.sign_in(browser_label="Firefox")
    session = find_session(door.deps, signed_in.session_token)
    assert session is not None
    assert ("Moutin", "eidas1", ("pwd",), "Firefox", "203.0.113.7/32") == (
        session.subject, session.acr, session.amr, session.browser_label, session.address_prefix,
    )  # fmt: skip
    assert [("sign_in.accepted", "Moutin")] == door.trail()


def test_the_transaction_remembers_who_did_it_and_when(door: Door) -> None:
    transaction = door.open_transaction()
    session = find_session(door.deps, door.sign_in(transaction_id=transaction).session_token)
    with door.deps.read() as connection:
        row = find_transaction_row(connection, transaction)
    assert row is not None
    assert session is not None
    assert {"sign_in": {"at": session.auth_time, "session_id": session.id}} == row.done


@pytest.mark.parametrize(
    "typed",
    [
        {"siret": "999 000 375 00017"},
        {"family_name": " moutin "},
        {"given_name": "Clàire"},
    ],
)
def test_spelling_variants_are_the_same_person(door: Door, typed: dict[str, str]) -> None:
    assert isinstance(door.knock(**typed), SignedIn)


@pytest.mark.parametrize(
    "typed",
    [
        {"password": "Mire2026demO"},
        {"password": ""},
        {"siret": "97050551700072"},
        {"siret": "123"},
        {"siret": "999000375"},
        {"family_name": "MOUTON"},
        {"family_name": "CLAIRE", "given_name": "MOUTIN"},
        {"given_name": "\x00"},
        {"given_name": ""},
        {"given_name": "\ud800"},
    ],
)
def test_anything_else_is_refused_with_one_answer(door: Door, typed: dict[str, str]) -> None:
    assert Refused() == door.knock(**typed)
    assert ["sign_in.refused"] == [event for event, _ in door.trail()]


@pytest.mark.parametrize("state", ["pending_email", "suspended", "radiated"])
def test_an_inactive_account_answers_as_a_wrong_password(door: Door, state: str) -> None:
    door.change("Moutin", state=state)
    assert Refused() == door.knock()


def test_a_candidate_signs_in_with_the_lowest_level(door: Door) -> None:
    door.change("Moutin", state="candidate")
    session = find_session(door.deps, door.sign_in().session_token)
    assert session is not None
    assert session.acr == "eidas0"


def test_a_test_company_signs_in_only_where_it_is_named(door: Door) -> None:
    rules = type(door.deps.people_rules)()
    assert Refused() == door.with_deps(people_rules=rules).knock()


@pytest.mark.parametrize(("family_name", "outcome"), [("Moutin", SignedIn), ("MOUTIN", Refused)])
def test_an_exact_client_wants_the_registered_spelling(door: Door, family_name: str, outcome: type) -> None:
    assert isinstance(door.knock(family_name=family_name, given_name="Claire", exact=True), outcome)


def test_a_closed_siret_is_explained_after_the_right_password_only(door: Door) -> None:
    door.add_person("Sawyer", siret="97050551700072")
    with door.deps.transaction() as connection:
        closed = establishments.update().where(establishments.c.siret == SIRET)
        connection.execute(closed.values(closed_at=1, successor_siret="97050551700072", label="Centre"))
    assert Refused() == door.knock("wrong")
    assert SiretClosed(SIRET, "97050551700072", "Centre") == door.knock()
    assert ("sign_in.siret_closed_explained", "Moutin") == door.trail()[-1]
    assert counters(door) == {1}


def test_an_accepted_try_is_given_back_and_a_refused_one_kept(door: Door) -> None:
    door.sign_in()
    assert counters(door) == {0}
    door.knock("wrong")
    assert counters(door) == {1}


def test_a_crash_while_hashing_leaves_the_try_counted(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Place, "verify", crash)
    with pytest.raises(KeyboardInterrupt):
        door.knock()
    assert counters(door) == {1}


def test_a_full_queue_says_when_to_come_back_and_counts_nothing(door: Door) -> None:
    full = door.with_deps(hasher=QuietHasher(places=0))
    assert isinstance(full.knock(), Busy)
    assert counters(door) == set()
    assert door.trail() == []


def test_half_of_the_queue_is_kept_for_known_browsers(door: Door) -> None:
    known = door.sign_in().device_token
    busy = door.with_deps(hasher=QuietHasher(places=2))
    with busy.hasher.enter(favoured=False) as place:
        assert isinstance(place, Place)
        assert isinstance(busy.knock(), Busy)
        assert isinstance(busy.knock(device_token=known), SignedIn)


def test_a_browser_known_to_another_account_is_not_favoured(door: Door) -> None:
    door.add_person("Sawyer")
    sawyers = door.sign_in(family_name="Sawyer").device_token
    busy = door.with_deps(hasher=QuietHasher(places=2))
    with busy.hasher.enter(favoured=False):
        assert isinstance(busy.knock(device_token=sawyers), Busy)


@pytest.mark.parametrize(
    "hasher", [QuietHasher(cost=13), QuietHasher(peppers=(Pepper("p2", b"n"), Pepper("p1", b"quiet")))]
)
def test_a_hash_is_renewed_after_an_accepted_sign_in_only(door: Door, hasher: QuietHasher) -> None:
    before, newer = stored_hash(door), door.with_deps(hasher=hasher)
    newer.knock("wrong")
    assert before == stored_hash(door)
    newer.sign_in()
    assert before != stored_hash(door)
    newer.sign_in()


def test_signing_in_again_rotates_the_cookie_and_keeps_the_session(door: Door) -> None:
    first = door.sign_in()
    before = find_session(door.deps, first.session_token)
    door.wait(SECOND)
    second = door.sign_in(session_token=first.session_token)
    after = find_session(door.deps, second.session_token)
    assert find_session(door.deps, first.session_token) is None
    assert before is not None
    assert after is not None
    assert (before.id, before.auth_time + SECOND) == (after.id, after.auth_time)


def test_another_person_in_the_same_browser_ends_the_session_before(door: Door) -> None:
    door.add_person("Sawyer")
    first = door.sign_in()
    second = door.sign_in(family_name="Sawyer", session_token=first.session_token)
    assert find_session(door.deps, first.session_token) is None
    assert find_session(door.deps, second.session_token) is not None
    assert ("session.ended", "Moutin") in door.trail()
    with door.deps.read() as connection:
        kind, payload = connection.execute(select(jobs.c.kind, jobs.c.payload)).one()
    assert ("session.replaced", "Moutin") == (kind, payload["subject"])


def test_who_listens_hears_of_a_replaced_session_at_once_and_cannot_keep_anyone_out(door: Door) -> None:
    def hear(_deps: Deps, _actor: Actor, subject: str, session_id: str) -> None:
        heard.append((subject, session_id))
        raise StoreUnavailable

    heard: list[tuple[str, str]] = []
    door = door.with_deps(on_session_replaced=hear)
    door.add_person("Sawyer")
    first = door.sign_in()
    again = door.sign_in(session_token=first.session_token)
    assert [] == heard, "the same person's session goes on"
    before = find_session(door.deps, again.session_token)
    assert door.sign_in(family_name="Sawyer", session_token=again.session_token).session_token
    assert before is not None
    assert [("Moutin", before.id)] == heard


def test_a_planted_session_cookie_gains_nothing(door: Door) -> None:
    assert "planted" != door.sign_in(session_token="planted").session_token
    assert find_session(door.deps, "planted") is None


def test_a_password_changed_while_the_old_one_is_compared_wins(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    verify = Place.verify

    def verify_slowly(*arguments: object, **named: object) -> object:
        door.wait(SECOND)
        door.change("Moutin", valid_from=door.deps.clock.now())
        return verify(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Place, "verify", verify_slowly)
    assert Refused() == door.knock()


def test_no_connection_is_held_while_hashing(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    verify, held = Place.verify, []

    def look(*arguments: object, **named: object) -> object:
        held.append(door.deps.database.in_use)
        return verify(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Place, "verify", look)
    door.knock()
    assert held == [0]


def test_tokens_and_passwords_are_nowhere_in_the_database(door: Door) -> None:
    signed_in = door.sign_in()
    with door.deps.read() as connection:
        known = connection.execute(select(devices.c.token_hash)).scalar_one()
        everything = repr([list(connection.execute(select(table))) for table in accounts.metadata.tables.values()])
    assert signed_in.device_token.encode() != known
    for secret in (signed_in.session_token, signed_in.device_token, PASSWORD):
        assert secret not in everything


def test_outcomes_are_counted(door: Door) -> None:
    metrics = QuietMetrics()
    here = door.with_deps(metrics=metrics)
    here.knock("wrong")
    here.knock()
    outcomes = {labels: count for (metric, labels), count in metrics.counts.items() if metric is Metric.SIGN_INS}
    assert {("refused",): 1, ("accepted",): 1} == outcomes
