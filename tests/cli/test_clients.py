"""`idp clients`: what an operator is told, and what is done."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from idp.adapters.clock import Clock
from idp.adapters.machine_secrets import secret_digest
from idp.cli.clients import Outcome, wait_for_workers
from idp.cli.main import main
from idp.domain.platform.actors import Actor, ActorRole
from idp.store.portals.authorizations import client_cutoffs
from idp.store.portals.registries import WorkerRow
from idp.usecases.portals.registries import report_worker
from idp.wiring import open_database
from tests.quiet import quiet_deps

SECRET = "pV3uJ0mC9yQ2tZ7wLr8sXk1dNf5hGb4aEo6iTqRvUxY"
ROOT = Path(__file__).parents[2]
CLIENTS = f"""clients:
  - client_id: portail
    client_name: Portail
    redirect_uris: [https://portail.example.fr/cb]
    require_pkce: false
    client_secret: [env:PORTAIL_SECRET, sha256:{"ab" * 32}]
"""


@pytest.fixture
def clients(tmp_path: Path) -> Path:
    path = tmp_path / "clients.yaml"
    path.write_text(CLIENTS)
    return path


def idp(*words: object, **environment: str) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], env=environment)


def settings(clients: Path, url: str) -> dict[str, str]:
    value = base64.urlsafe_b64encode(b"s" * 32).decode()
    secrets = dict.fromkeys(("IDP_SECRET_KEY", "IDP_PEPPER", "IDP_KEY_ENCRYPTION_KEY"), f"1:{value}")
    folders = {"IDP_THEMES": str(ROOT / "themes"), "IDP_RUN_DIRECTORY": str(clients.parent)}
    address = "https://connexion.example.fr"
    return {**secrets, **folders, "IDP_ISSUER": address, "IDP_DATABASE_URL": url, "IDP_CLIENTS": str(clients)}


def test_check_needs_no_setting_and_says_what_is_worth_knowing(clients: Path) -> None:
    result = idp("clients", "check", clients, "--themes", ROOT / "themes")
    assert 0 == result.exit_code
    assert [
        "note: portail: PORTAIL_SECRET is not set here; the gateway's environment must have it",
        "note: portail: require_pkce: false; a stolen code can be used by whoever has its secret",
        "note: portail: two secrets are accepted; take the old one out when the partner has changed",
        "note: portail: the secret in env:PORTAIL_SECRET changes only when the gateway is restarted",
        f"{clients} is right for http://localhost:8000: 1 clients, 0 resources.",
    ] == result.output.splitlines()


def test_check_looks_at_a_secret_that_is_set_here(clients: Path) -> None:
    result = idp("clients", "check", clients, "--themes", ROOT / "themes", PORTAIL_SECRET="short")
    assert 1 == result.exit_code
    assert "portail: the secret of env:PORTAIL_SECRET is too short" in result.output


def test_check_says_when_certificates_have_no_address_here(clients: Path) -> None:
    clients.write_text(CLIENTS + "    tls_client_certificate_bound_access_tokens: true\n")
    note = "note: portail: no certificate is believed without IDP_MTLS_ISSUER, not set here"
    said = [
        idp("clients", "check", clients, "--themes", ROOT / "themes", IDP_MTLS_ISSUER=address).output
        for address in ("", "https://mtls.connexion.example.fr")
    ]
    assert [True, False] == [note in output for output in said]


def test_check_names_each_problem_with_its_line(clients: Path) -> None:
    clients.write_text(CLIENTS.replace("client_name", "client_nam"))
    result = idp("clients", "check", clients, "--themes", ROOT / "themes")
    assert 1 == result.exit_code
    assert f"{clients}:3: portail: client_nam: unknown key; did you mean client_name?" in result.output


def test_the_shipped_registry_is_right_on_this_machine_and_refused_elsewhere() -> None:
    arguments = ("clients", "check", ROOT / "clients.yaml", "--themes", ROOT / "themes")
    assert 0 == idp(*arguments).exit_code
    assert 1 == idp(*arguments, "--issuer", "https://connexion.example.fr").exit_code


def test_a_new_secret_comes_with_its_digest(tmp_path: Path) -> None:
    lines = idp("clients", "new-secret").output.splitlines()
    assert f"  client_secret: sha256:{secret_digest(lines[1].strip()).hex()}" == lines[3]
    file = tmp_path / "secret"
    lines = idp("clients", "new-secret", "--file", file).output.splitlines()
    assert f"  client_secret: sha256:{secret_digest(file.read_text().strip()).hex()}" == lines[3]
    assert 0o600 == file.stat().st_mode & 0o777
    assert 1 == idp("clients", "new-secret", "--file", file).exit_code


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "require_pkce: false",
            ["may leave the code_challenge out", "from: its own require_pkce: false", "why:  RFC 9700 section 2.1.1"],
        ),
        ("profile: legacy", ["portail: profile legacy", "may leave the code_challenge out", "from: profile legacy"]),
        (
            "require_pkce: true",
            [
                "sends a code_challenge",
                "a code lives 60 s and is used once",
                "every answer carries iss",
                "every client",
            ],
        ),
    ],
)
def test_explain_says_what_is_demanded_from_where_and_why(
    clients: Path, database_url: str, written: str, said: list[str]
) -> None:
    clients.write_text(CLIENTS.replace("require_pkce: false", written))
    result = idp("clients", "explain", "portail", **settings(clients, database_url), PORTAIL_SECRET=SECRET)
    assert 0 == result.exit_code
    assert [] == [sentence for sentence in said if sentence not in result.output]


def test_explain_of_nobody_fails(clients: Path, database_url: str) -> None:
    result = idp("clients", "explain", "nobody", **settings(clients, database_url), PORTAIL_SECRET=SECRET)
    assert (1, True) == (result.exit_code, "There is no client nobody" in result.output)


def test_end_tokens_cuts_the_client_off_and_says_what_lags(clients: Path, database_url: str) -> None:
    result = idp("clients", "end-tokens", "portail", **settings(clients, database_url), PORTAIL_SECRET=SECRET)
    assert 0 == result.exit_code, result.output
    assert "believes them for 5 minutes more" in result.output
    database = open_database(database_url)
    with database.read() as connection:
        assert ["portail"] == list(connection.execute(select(client_cutoffs.c.client_id)).scalars())
    database.close()


def test_reload_says_so_when_nobody_is_running(clients: Path, database_url: str) -> None:
    result = idp("clients", "reload", **settings(clients, database_url))
    assert [
        "note: portail: env:PORTAIL_SECRET is read at the start; restart the gateway if it changed.",
        "No worker is running; the next start reads it.",
    ] == result.output.splitlines()


def test_reload_names_a_worker_that_does_not_follow(clients: Path, database_url: str) -> None:
    database = open_database(database_url)
    live = quiet_deps(database, clock=Clock())
    row = WorkerRow("a", "node1", 12, "other", 1, "clients.yaml:3: wrong")
    report_worker(live, Actor(ActorRole.SYSTEM), row)
    database.close()
    result = idp("clients", "reload", "--timeout", "0", **settings(clients, database_url))
    assert 1 == result.exit_code
    assert "node1/12 does not use it: clients.yaml:3: wrong" in result.output


def test_reload_waits_until_every_worker_reports_the_digest() -> None:
    old, new = WorkerRow("a", "h", 1, "old", 1), WorkerRow("a", "h", 1, "new", 1)
    looks = iter([[old], [old], [new]])
    pauses: list[float] = []
    assert Outcome([new], []) == wait_for_workers(lambda: next(looks), "new", 20, pauses.append, lambda: 0.0)
    assert 2 == len(pauses)


def test_reload_stops_waiting_after_its_time() -> None:
    old = WorkerRow("a", "h", 1, "old", 1)
    times = iter([0.0, 10.0, 21.0])
    assert Outcome([], [old]) == wait_for_workers(lambda: [old], "new", 20, lambda _: None, lambda: next(times))


def test_an_invitation_is_made_without_any_option(clients: Path, database_url: str) -> None:
    made = idp("clients", "invite", **settings(clients, database_url))
    assert made.exit_code == 0, made.output
    assert "It registers 1 at https://connexion.example.fr/register within 7 days." in made.output
