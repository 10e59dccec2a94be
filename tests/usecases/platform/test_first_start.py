"""The first start makes keys, once, whatever the number of nodes; steps write in the transaction of their change."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from idp.adapters.signer import Signer
from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.instants import Instant
from idp.domain.platform.jobs import JobKind
from idp.domain.platform.keys import SigningAlgorithm
from idp.domain.platform.messages import Message
from idp.store.database import Database
from idp.store.platform.audit import audit_events
from idp.store.platform.jobs import jobs, outbox
from idp.store.platform.keys import signing_keys
from idp.store.platform.single_use import is_revoked, revoke_jti, spend
from idp.usecases.platform.audit import write_audit
from idp.usecases.platform.jobs import enqueue
from idp.usecases.platform.keys import ensure_keys, load_key_ring
from idp.usecases.platform.notifications import notify
from idp.usecases.platform.sealed_values import load_pairwise_salt
from tests.quiet import quiet_deps

ACTOR = Actor(ActorRole.OPERATOR, "root")


def test_the_first_start_makes_an_active_key_for_every_algorithm(database: Database) -> None:
    deps = quiet_deps(database)
    assert ensure_keys(deps)
    assert not ensure_keys(deps)
    signer = Signer(deps.clock)
    signer.swap(load_key_ring(deps))
    for alg in SigningAlgorithm:
        assert signer.verify(signer.sign({"a": 1}, alg=alg, typ="JWT")) == {"a": 1}
    assert len(json.loads(signer.jwks())["keys"]) == len(SigningAlgorithm)


def test_nodes_that_start_together_make_one_set_of_keys(database: Database) -> None:
    deps = quiet_deps(database)
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(lambda _: ensure_keys(deps), range(4))) == [False, False, False, True]
    with deps.read() as connection:
        assert len(connection.execute(select(signing_keys)).all()) == len(SigningAlgorithm)


def test_no_private_key_lies_in_the_database_in_clear(database: Database) -> None:
    deps = quiet_deps(database)
    ensure_keys(deps)
    with deps.read() as connection:
        for row in connection.execute(select(signing_keys)).mappings():
            assert "d" not in row["public_jwk"]
            assert not row["private_sealed"].startswith(b"\x30")


def test_the_pairwise_salt_is_made_once(database: Database) -> None:
    deps = quiet_deps(database)
    salt = load_pairwise_salt(deps)
    assert (len(salt), load_pairwise_salt(deps)) == (32, salt)


def test_an_identifier_is_spent_once_per_issuer(database: Database) -> None:
    with database.transaction() as connection:
        assert spend(connection, "assertion", "client-a", "jti" * 50, Instant(1))
        assert not spend(connection, "assertion", "client-a", "jti" * 50, Instant(1))
        assert spend(connection, "assertion", "client-b", "jti" * 50, Instant(1))


def test_a_revoked_token_is_seen_in_the_same_read(database: Database) -> None:
    with database.transaction() as connection:
        revoke_jti(connection, "one", Instant(1))
    with database.read() as connection:
        assert connection.execute(select(is_revoked("one"), is_revoked("two"))).one() == (True, False)


def test_a_message_and_a_job_leave_with_the_change_or_never(database: Database) -> None:
    deps = quiet_deps(database)
    with pytest.raises(LookupError), deps.transaction() as connection:
        notify(connection, deps, Message.PASSWORD_CHANGED, recipient="a@b.fr", locale="fr", theme="default", facts={})
        enqueue(connection, deps, JobKind.ROTATE_KEYS, {})
        raise LookupError
    with deps.read() as connection:
        assert (connection.execute(select(outbox)).all(), connection.execute(select(jobs)).all()) == ([], [])


def test_a_job_with_a_unique_key_waits_once(database: Database) -> None:
    deps = quiet_deps(database)
    with deps.transaction() as connection:
        assert enqueue(connection, deps, JobKind.ROTATE_KEYS, {}, unique_key="rotate")
        assert not enqueue(connection, deps, JobKind.ROTATE_KEYS, {}, unique_key="rotate")


def test_a_log_line_is_written_when_its_event_is_committed(database: Database) -> None:
    deps = quiet_deps(database)
    record = AuditRecord(AuditEvent.KEY_RETIRED, facts={"kid": "k"})
    with deps.transaction() as connection:
        write_audit(connection, deps, ACTOR, record)
        assert deps.log.lines == []  # type: ignore[attr-defined]
    assert deps.log.lines == [("key.retired", {"actor_role": "operator", "actor": "root", "kid": "k"})]  # type: ignore[attr-defined]


def test_what_was_rolled_back_is_not_logged(database: Database) -> None:
    deps = quiet_deps(database)
    with pytest.raises(LookupError), deps.transaction() as connection:
        write_audit(connection, deps, ACTOR, AuditRecord(AuditEvent.KEY_RETIRED))
        raise LookupError
    with deps.read() as connection:
        assert connection.execute(select(audit_events)).all() == []
    assert deps.log.lines == []  # type: ignore[attr-defined]
