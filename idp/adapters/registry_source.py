"""clients.yaml and the themes, looked at again and again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from idp.adapters.file_watch import FileWatch
from idp.adapters.registry_file import RegistryFile, RegistryProblem
from idp.adapters.theme_files import LoadedThemes, load_themes, theme_folders
from idp.domain.portals.clients import ClientRegistry


class RegistrySource:
    """clients.yaml and every file it names."""

    def __init__(self, path: Path, issuer: str, environment: Mapping[str, str] | None, themes: Path) -> None:
        self._path = path
        self._issuer = issuer
        self._environment = environment
        self._themes = themes
        self._named: frozenset[Path] = frozenset()
        self._watch = FileWatch(lambda: {path, *self._named, *_theme_files(themes)})

    def look(self) -> ClientRegistry | list[RegistryProblem] | None:
        """What it says now; None when that is what it said at the last look."""
        return self.read() if self._watch.changed() else None

    def read(self) -> ClientRegistry | list[RegistryProblem]:
        """What it says now."""
        names = frozenset(folder.name for folder in theme_folders(self._themes))
        file = RegistryFile(self._path, self._issuer, self._environment, names)
        result = file.load()
        self._named = file.named
        return result


class ThemeSource:
    """The folder of themes."""

    def __init__(self, folder: Path, *, loopback: bool) -> None:
        self._folder = folder
        self._loopback = loopback
        self._watch = FileWatch(lambda: _all_files(folder))

    def look(self) -> LoadedThemes | None:
        """What the themes are now; None when they are what they were at the last look."""
        return self.read() if self._watch.changed() else None

    def read(self) -> LoadedThemes:
        """What the themes are now."""
        return load_themes(self._folder, loopback=self._loopback)


def _theme_files(folder: Path) -> Iterator[Path]:
    return (path / "theme.yaml" for path in theme_folders(folder))


def _all_files(folder: Path) -> Iterable[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
