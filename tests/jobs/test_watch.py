"""What each process does every five seconds: a good file is swapped in whole, a broken one is refused and named."""

from __future__ import annotations

import os
import re
from pathlib import Path
from shutil import copytree

import pytest
from sqlalchemy import update

from idp.adapters.held import Held
from idp.adapters.registry_source import RegistrySource, ThemeSource
from idp.adapters.signer import Signer
from idp.adapters.theme_files import load_themes
from idp.domain.platform.instants import DAY
from idp.domain.portals.clients import ClientRegistry
from idp.domain.portals.themes import ThemeSet
from idp.jobs.watch import Watch, Watched
from idp.store.database import Database
from idp.store.platform.keys import key_versions
from idp.usecases.deps import Deps, StoreUnavailable
from idp.usecases.platform.keys import ensure_keys
from idp.usecases.portals.readiness import check_readiness
from idp.usecases.portals.registries import last_good_registry, live_workers
from tests.quiet import quiet_deps

SHIPPED = Path(__file__).parents[2] / "themes"
ISSUER = "https://connexion.example.fr"
CLIENT = """clients:
  - client_id: {0}
    client_name: {0}
    redirect_uris: [https://{0}.example.fr/cb]
    client_secret: file:secret
"""
SECRETS = [f"{letter}V3uJ0mC9yQ2tZ7wLr8sXk1dNf5hGb4aEo6iTqRvUxY" for letter in "pq"]


class Place:
    """A folder with clients.yaml, its secret and the themes, and a worker that watches it."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.file = folder / "clients.yaml"
        self.secret = folder / "secret"
        self.themes = folder / "themes"
        copytree(SHIPPED, self.themes)
        self.secret.write_text(SECRETS[0])
        self.write(CLIENT.format("one"))
        for path in folder.rglob("*.*"):
            long_ago(path)
        long_ago(self.secret)
        themes = Held(load_themes(self.themes, loopback=False).themes)
        registry: Held[ClientRegistry] = Held(first=self.first)
        self.deps: Deps = quiet_deps(database, registry=registry, themes=themes)
        self.watch = Watch(self.deps, self.watched(registry, themes), host="here", pid=7)

    def source(self) -> RegistrySource:
        return RegistrySource(self.file, ISSUER, {}, self.themes)

    def first(self) -> ClientRegistry:
        loaded = self.source().read()
        assert isinstance(loaded, ClientRegistry)
        return loaded

    def watched(self, registry: Held[ClientRegistry], themes: Held[ThemeSet]) -> Watched:
        looks = (self.source().look, ThemeSource(self.themes, loopback=False).look)
        return Watched(*looks, registry.swap, themes.swap)

    def write(self, text: str, path: Path | None = None) -> None:
        """As an editor does, a while ago: a file of this very second waits for the next look."""
        path = path or self.file
        path.write_text(text)
        long_ago(path)

    def problem(self) -> str:
        (worker,) = live_workers(self.deps)
        return worker.problem


def long_ago(path: Path) -> None:
    then = path.stat().st_mtime_ns - 60 * 10**9
    os.utime(path, ns=(then, then))


@pytest.fixture
def place(tmp_path: Path, database: Database) -> Place:
    return Place(tmp_path, database)


def test_the_first_look_keeps_the_registry_as_last_good_and_reports(place: Place) -> None:
    place.watch.tick()
    assert last_good_registry(place.deps) == place.deps.registry()
    (worker,) = live_workers(place.deps)
    assert ("here/7", place.deps.registry().digest, "") == (worker.name, worker.registry_digest, worker.problem)


def test_a_changed_file_is_swapped_in_whole(place: Place) -> None:
    place.watch.tick()
    place.write(CLIENT.format("two"))
    place.watch.tick()
    assert {"mire", "two"} == set(place.deps.registry().clients)
    assert live_workers(place.deps)[0].registry_digest == place.deps.registry().digest


def test_a_broken_file_is_refused_and_its_line_is_shown_until_it_is_mended(place: Place) -> None:
    place.watch.tick()
    before = place.deps.registry()
    place.write(CLIENT.format("two").replace("client_name", "client_nam"))
    place.watch.tick()
    assert before is place.deps.registry()
    assert place.problem().startswith(f"{place.file}:2: two: client_name is missing; The name people see. (and 1 more)")
    place.watch.tick()
    assert f"here/7: {place.problem()}" == check_readiness(place.deps).details["workers"]
    place.write(CLIENT.format("one"))
    place.watch.tick()
    assert "" == place.problem()


def test_a_named_file_is_looked_at_as_the_registry_itself_is(place: Place) -> None:
    place.watch.tick()
    place.watch.tick()
    before = place.deps.registry().digest
    place.write(SECRETS[1], place.secret)
    place.watch.tick()
    assert before != place.deps.registry().digest


def test_a_file_still_being_written_waits_for_the_next_look(place: Place) -> None:
    """Half of clients.yaml can be valid, without the last partners: their tokens would end."""
    place.write(CLIENT.format("one") + CLIENT.format("two").removeprefix("clients:\n"))
    place.watch.tick()
    place.file.write_text(CLIENT.format("one"))
    place.watch.tick()
    assert "two" in place.deps.registry().clients
    long_ago(place.file)  # the control: an old half file is the operator's will
    place.watch.tick()
    assert "two" not in place.deps.registry().clients


def test_a_changed_theme_is_swapped_in_and_a_broken_one_stays_as_it_was(place: Place) -> None:
    place.watch.tick()
    theme = place.themes / "guichet-paie" / "theme.yaml"
    text = theme.read_text()
    place.write(re.sub(r"radius: \d+", "radius: 9", text), theme)
    place.watch.tick()
    assert "--mire-radius:9px" in place.deps.themes().find("guichet-paie").css
    place.write(re.sub(r"radius: \d+", "radius: 99", text), theme)
    place.watch.tick()
    assert "--mire-radius:9px" in place.deps.themes().find("guichet-paie").css
    assert "radius: 99 cannot be used; write a whole number from 0 to 16" in place.problem()


def test_a_new_theme_mends_a_registry_that_names_it(place: Place) -> None:
    place.write(CLIENT.format("one") + "    theme: fresh\n")
    copytree(place.themes / "default", place.themes / "fresh")
    place.watch.tick()
    assert "fresh" == place.deps.registry().clients["one"].theme


def test_a_new_key_version_brings_the_new_keys(place: Place, database: Database) -> None:
    deps = quiet_deps(database, signer=Signer(place.deps.clock))
    ensure_keys(deps)
    watch = Watch(deps, Watched(lambda: None, lambda: None, lambda _: None, lambda _: None), host="here", pid=8)
    watch.tick()
    assert deps.signer.ring.version == live_workers(deps)[0].key_version > 0
    with database.transaction() as connection:
        connection.execute(update(key_versions).values(version=99))
    watch.tick()
    assert 99 == deps.signer.ring.version


def test_one_step_that_fails_does_not_stop_the_others_nor_the_next_look(place: Place) -> None:
    failures = iter([RuntimeError("boom"), StoreUnavailable()])

    def look() -> None:
        if error := next(failures, None):
            raise error

    watch = Watch(place.deps, Watched(look, lambda: None, lambda _: None, lambda _: None), host="here", pid=9)
    for _ in range(3):
        watch.tick()
        assert ["here/9"] == [worker.name for worker in live_workers(place.deps)]


def test_processes_dead_for_a_day_are_forgotten(place: Place) -> None:
    place.watch.tick()
    place.deps.clock.advance(DAY + 1)  # type: ignore[attr-defined]
    Watch(place.deps, Watched(lambda: None, lambda: None, lambda _: None, lambda _: None), host="h", pid=1).tick()
    with place.deps.read() as connection:
        assert 1 == connection.exec_driver_sql("SELECT count(*) FROM workers").scalar()
