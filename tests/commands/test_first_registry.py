"""Which registry a process begins with: the file, else what was accepted last, else none at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.adapters.machine_secrets import secret_digest
from idp.settings import Settings, SettingsError
from idp.usecases.deps import Deps
from idp.wiring import check_start, ready_deps
from tests.processes import settings_of

CLIENT = """clients:
  - client_id: portail
    client_name: Portail
    redirect_uris: [http://portail.localhost:8001/callback]
    client_secret: env:PORTAIL_SECRET
"""
SECRETS = [f"{letter}V3uJ0mC9yQ2tZ7wLr8sXk1dNf5hGb4aEo6iTqRvUxY" for letter in "pq"]


@pytest.fixture
def settings(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "clients.yaml").write_text(CLIENT)
    monkeypatch.setenv("PORTAIL_SECRET", SECRETS[0])
    names = settings_of(database_url, tmp_path, IDP_CLIENTS=str(tmp_path / "clients.yaml"))
    return Settings.from_environment({name: value for name, value in names.items() if name.startswith("IDP_")})


@pytest.fixture
def begun(settings: Settings) -> Iterator[list[Deps]]:
    """What was begun in a test is ended with it."""
    all_of_them: list[Deps] = []
    yield all_of_them
    for deps in all_of_them:
        deps.metrics.close()
        deps.database.close()


def begin(settings: Settings, begun: list[Deps]) -> Deps:
    begun.append(ready_deps(settings))
    return begun[-1]


def test_a_good_file_is_what_a_process_begins_with(settings: Settings, begun: list[Deps]) -> None:
    client = begin(settings, begun).registry().clients["portail"]
    assert secret_digest(SECRETS[0]) == client.secrets[0].digest


def test_a_broken_file_stops_a_process_of_a_new_deployment(settings: Settings) -> None:
    settings.clients.write_text("clients: {}")
    with pytest.raises(SettingsError, match="clients: write a list, each entry beginning with a dash"):
        check_start(settings)


def test_with_a_broken_file_a_process_begins_with_last_good_and_the_secrets_of_its_own_start(
    settings: Settings, begun: list[Deps], monkeypatch: pytest.MonkeyPatch
) -> None:
    check_start(settings)
    settings.clients.write_text("clients: {}")
    check_start(settings)
    monkeypatch.setenv("PORTAIL_SECRET", SECRETS[1])
    client = begin(settings, begun).registry().clients["portail"]
    assert secret_digest(SECRETS[1]) == client.secrets[0].digest
