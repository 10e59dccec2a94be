"""`idp clients invite`, `registered` and `remove-registered`."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from idp.cli.main import main
from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.portals.client_registration import ClientInformation
from idp.usecases.portals.clients import find_client
from idp.usecases.portals.registration import register_client
from idp.wiring import open_database
from tests.cli.test_clients import CLIENTS, settings
from tests.quiet import quiet_deps

SENT = {"redirect_uris": ["https://jeu.example.fr/cb"], "client_name": "Jeu"}


def command(tmp_path: Path, url: str, *words: str) -> Result:
    clients = tmp_path / "clients.yaml"
    clients.write_text(CLIENTS)
    environment = {**settings(clients, url), "PORTAIL_SECRET": "pV3uJ0mC9yQ2tZ7wLr8sXk1dNf5hGb4aEo6iTqRvUxY"}
    return CliRunner().invoke(main, ["clients", *words], env=environment)


def test_an_invitation_is_told_once_and_works(tmp_path: Path, database_url: str) -> None:
    result = command(tmp_path, database_url, "invite", "--uses", "2", "--no-pkce", "--days", "3")
    assert 0 == result.exit_code, result.output
    token = result.output.splitlines()[1].strip()
    assert "It registers 2 at https://connexion.example.fr/register within 3 days." in result.output
    database = open_database(database_url)
    deps = quiet_deps(database)
    client = register_client(deps, Actor(ActorRole.ANONYMOUS, ""), token, SENT)
    assert isinstance(client, ClientInformation)
    found = find_client(deps, client.client_id)
    assert found is not None
    assert found.require_pkce is False
    listed = command(tmp_path, database_url, "registered")
    assert client.client_id in listed.output
    assert "Jeu" in listed.output
    removed = command(tmp_path, database_url, "remove-registered", client.client_id)
    assert 0 == removed.exit_code, removed.output
    assert find_client(deps, client.client_id) is None
    database.close()


def test_without_a_registration_the_list_says_so(tmp_path: Path, database_url: str) -> None:
    assert "No client has registered itself.\n" == command(tmp_path, database_url, "registered").output


def test_only_registered_clients_can_be_removed(tmp_path: Path, database_url: str) -> None:
    result = command(tmp_path, database_url, "remove-registered", "portail")
    assert 1 == result.exit_code
    assert "No client portail has registered itself" in result.output


def test_a_profile_that_demands_pkce_cannot_be_invited_without(tmp_path: Path, database_url: str) -> None:
    result = command(tmp_path, database_url, "invite", "--profile", "fapi2_security", "--no-pkce")
    assert 1 == result.exit_code
    assert "--no-pkce: fapi2_security always demands a code challenge" in result.output
