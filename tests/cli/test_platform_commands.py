"""`idp keys`, `idp jobs` and `idp audit` as an operator types them."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.processes import PATIENCE_SECONDS, idp, settings_of, started


@pytest.fixture
def environment(migrated_sqlite: Path, tmp_path: Path) -> dict[str, str]:
    copy = tmp_path / "mire.sqlite3"
    copy.write_bytes(migrated_sqlite.read_bytes())
    return settings_of(f"sqlite:///{copy}", tmp_path)


def lines(environment: dict[str, str], *arguments: str) -> list[str]:
    done = idp(environment, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def states(environment: dict[str, str]) -> list[str]:
    return sorted(line.split()[2] for line in lines(environment, "keys", "list"))


def active_key(environment: dict[str, str]) -> str:
    return next(
        line.split()[0] for line in lines(environment, "keys", "list") if line.split()[1:3] == ["ES256", "active"]
    )


def test_a_runner_makes_keys_and_publishes_the_next_ones(environment: dict[str, str]) -> None:
    lines(environment, "jobs", "run", "--once")
    assert states(environment) == ["active"] * 4 + ["next"] * 4


def test_a_rotation_before_its_time_says_when(environment: dict[str, str]) -> None:
    lines(environment, "jobs", "run", "--once")
    (said,) = lines(environment, "keys", "rotate", "--alg", "ES256")
    assert said.startswith("ES256: the next key signs from 20")


def test_a_stolen_key_is_replaced_and_the_trail_tells_who_did_it(environment: dict[str, str]) -> None:
    lines(environment, "jobs", "run", "--once")
    kid = active_key(environment)
    (said,) = lines(environment, "keys", "retire", kid, "--compromised")
    successor = active_key(environment)
    assert said == f"{kid} is compromised; {successor} signs now."
    trail = [json.loads(line) for line in lines(environment, "audit", "list", "--event", "key.compromised")]
    assert [(row["event"], row["actor_role"], row["facts"]["kid"]) for row in trail] == [
        ("key.compromised", "operator", kid)
    ]


def test_an_early_retirement_and_an_unknown_key_are_refused_in_one_sentence(environment: dict[str, str]) -> None:
    lines(environment, "jobs", "run", "--once")
    early = idp(environment, "keys", "retire", active_key(environment))
    unknown = idp(environment, "keys", "retire", "nobody")
    assert (early.returncode, unknown.returncode) == (1, 1)
    assert "its successor may not before" in early.stderr
    assert unknown.stderr == "Error: No key that could be retired has the kid 'nobody'; see `idp keys list`.\n"


def test_the_key_encryption_key_can_be_replaced(environment: dict[str, str]) -> None:
    lines(environment, "jobs", "run", "--once")
    old, new = environment["IDP_KEY_ENCRYPTION_KEY"], f"b:{'B' * 43}"
    (said,) = lines({**environment, "IDP_KEY_ENCRYPTION_KEY": f"{new} {old}"}, "keys", "rewrap")
    assert said == "8 values encrypted again; only version 'b' is needed now."
    assert len(lines({**environment, "IDP_KEY_ENCRYPTION_KEY": new}, "jobs", "run", "--once")) == 0


def test_the_trail_is_read_newest_last_within_a_limit(environment: dict[str, str]) -> None:
    lines(environment, "jobs", "run", "--once")
    rows = [json.loads(line) for line in lines(environment, "audit", "list", "--limit", "3")]
    assert len(rows) == 3
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    assert lines(environment, "audit", "list", "--since", "2999-01-01") == []
    assert idp(environment, "audit", "list", "--event", "nonsense").returncode == 2


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_runner_ends_cleanly_when_it_is_told(environment: dict[str, str], how: signal.Signals) -> None:
    with started(environment, "jobs", "run") as process:
        assert process.stdout is not None
        while "The job runner runs." not in process.stdout.readline():
            pass
        process.send_signal(how)
        said, _ = process.communicate(timeout=PATIENCE_SECONDS)
        assert (process.returncode, "Traceback" in said) == (0, False)


@pytest.mark.parametrize("command", [("keys", "list"), ("audit", "list"), ("jobs", "run", "--once")])
def test_an_absent_database_is_one_sentence(environment: dict[str, str], tmp_path: Path, command: tuple[str]) -> None:
    refused = idp({**environment, "IDP_DATABASE_URL": f"sqlite:///{tmp_path}/no/where.sqlite3"}, *command)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1] == "Error: IDP_DATABASE_URL: the database cannot be reached or written."


def test_deliveries_of_logout_tokens_are_listed_and_an_unknown_one_cannot_be_replayed(
    environment: dict[str, str],
) -> None:
    assert lines(environment, "logout", "deliveries", "--client", "formation", "--status", "waiting") == []
    unknown = idp(environment, "logout", "replay", "-dash")
    neither, both = idp(environment, "logout", "replay"), idp(environment, "logout", "replay", "a", "--client", "b")
    assert unknown.stderr == "Error: Nothing to replay: `idp logout deliveries` lists what there is.\n"
    assert (unknown.returncode, neither.returncode, both.returncode) == (1, 2, 2)
