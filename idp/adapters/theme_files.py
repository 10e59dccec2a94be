"""Reading the folder of themes: every theme that is right, and every problem with its line.

A theme that is wrong is left out; who asks for it gets `default`. Nothing here is read while a request waits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from idp.adapters.regular_files import read_regular
from idp.adapters.theme_images import CONTENT_TYPES, image_problem
from idp.adapters.yaml_fields import FieldReader
from idp.adapters.yaml_file import FileProblem, YamlFile
from idp.domain.portals.registry_entries import Entry
from idp.domain.portals.theme_checks import check_mail_text, check_theme
from idp.domain.portals.theme_css import build_css
from idp.domain.portals.theme_fields import CONTRACT, MAIL_FIELDS, THEME_FIELDS
from idp.domain.portals.themes import (
    DEFAULT_THEME,
    LOCALES,
    Layout,
    Logo,
    MailTexts,
    StaticFile,
    SubmitWording,
    Theme,
    ThemeLinks,
    ThemeSet,
    ThemeTexts,
)


@dataclass(frozen=True, slots=True)
class LoadedThemes:
    """The themes that are right, and what is wrong with the others."""

    themes: ThemeSet
    problems: tuple[FileProblem, ...]


def theme_folders(folder: Path) -> list[Path]:
    """The folders of themes, by name."""
    return sorted(path.parent for path in folder.glob("*/theme.yaml"))


def load_themes(folder: Path, *, loopback: bool) -> LoadedThemes:
    """Every theme of `folder`. `loopback`: http links are let through, as on a developer's machine."""
    readers = [ThemeReader(path, loopback=loopback) for path in theme_folders(folder)]
    themes = {reader.name: theme for reader in readers if (theme := reader.read())}
    problems = [problem for reader in readers for problem in reader.problems]
    if not (folder / DEFAULT_THEME / "theme.yaml").exists():
        problems.append(FileProblem(str(folder / DEFAULT_THEME / "theme.yaml"), 1, "is missing; every page needs it"))
    return LoadedThemes(ThemeSet(_digest(themes), MappingProxyType(themes)), tuple(problems))


class ThemeReader:
    """One theme's folder being read: theme.yaml, static/ and mail/."""

    def __init__(self, folder: Path, *, loopback: bool) -> None:
        self.name = folder.name
        self._folder = folder
        self._loopback = loopback
        self.problems: list[FileProblem] = []

    def read(self) -> Theme | None:
        """The theme, or None with the problems noted."""
        entry = self._entry(self._folder / "theme.yaml", THEME_FIELDS)
        if entry is None:
            return None
        path = str(self._folder / "theme.yaml")
        complaints = list(check_theme(self.name, entry, loopback=self._loopback))
        self.problems += [FileProblem(path, complaint.line, complaint.message) for complaint in complaints]
        files = self._static()
        mails = {locale: mail for locale in LOCALES if (mail := self._mail(locale))}
        logo = self._logo(entry, files)
        if self.problems:
            return None
        return _theme(self.name, entry.values, logo, mails, {file.name: file for file in files.values()})

    def _entry(self, path: Path, fields: Any) -> Entry | None:
        file = YamlFile(path)
        try:
            root = file.root(read_regular(path))
        except OSError as error:
            file.problem(1, f"cannot be read ({error.strerror})")
            root = None
        entry = Entry(1, *FieldReader(file).mapping(root, fields)) if root else None
        self.problems += sorted(file.problems, key=lambda problem: problem.line)
        return None if file.problems else entry

    def _mail(self, locale: str) -> MailTexts | None:
        path = self._folder / "mail" / f"{locale}.yaml"
        if not path.exists():
            return None
        entry = self._entry(path, MAIL_FIELDS)
        if entry is None:
            return None
        self.problems += [FileProblem(str(path), wrong.line, wrong.message) for wrong in check_mail_text(entry)]
        return MailTexts(**entry.values)

    def _static(self) -> dict[str, StaticFile]:
        """The files of static/ by their own name; each is served under a name that carries its digest."""
        files = {}
        for path in sorted((self._folder / "static").glob("*")):
            content_type = CONTENT_TYPES.get(path.suffix)
            if content_type is None:
                self.problems.append(FileProblem(str(path), 1, "cannot be served; put only .png and .svg in static/"))
                continue
            try:
                content = read_regular(path)
                problem = image_problem(path.name, content)
            except OSError as error:
                content, problem = b"", f"cannot be read ({error.strerror}); put a picture there, or take it away"
            if problem:
                self.problems.append(FileProblem(str(path), 1, problem))
                continue
            digest = hashlib.sha256(content).hexdigest()[:16]
            files[path.name] = StaticFile(f"{path.stem}.{digest}{path.suffix}", content_type, content)
        return files

    def _logo(self, entry: Entry, files: Mapping[str, StaticFile]) -> Logo | None:
        written = entry.values.get("logo")
        if written is None:
            return None
        for key in ("file", "dark"):
            if key in written and written[key] not in files:
                line = entry.line_of("logo", key)
                message = f"logo.{key}: static/{written[key]} is not there or not accepted; put it there"
                self.problems.append(FileProblem(str(self._folder / "theme.yaml"), line, message))
                return None
        dark = files[written["dark"]].name if "dark" in written else ""
        return Logo(files[written["file"]].name, written["alt"], written["width"], written["height"], dark)


def _theme(
    name: str,
    values: Mapping[str, Any],
    logo: Logo | None,
    mails: dict[str, MailTexts],
    files: dict[str, StaticFile],
) -> Theme:
    return Theme(
        name=name,
        display_name=values["display_name"],
        css=build_css(values),
        logo=logo,
        layout=Layout(values.get("layout", Layout.STACKED)),
        show_fields_help=values.get("show", {}).get("fields_help", True),
        links=ThemeLinks(**values.get("link", {})),
        texts=MappingProxyType({locale: _texts(texts) for locale, texts in values.get("text", {}).items()}),
        mail_texts=MappingProxyType(mails),
        files=MappingProxyType(files),
    )


def _texts(written: Mapping[str, str]) -> ThemeTexts:
    submit = SubmitWording(written.get("submit", SubmitWording.SIGN_IN))
    return ThemeTexts(written.get("title", ""), written.get("help", ""), submit)


def _digest(themes: Mapping[str, Theme]) -> str:
    return hashlib.sha256(f"{CONTRACT}{sorted(themes.items())!r}".encode()).hexdigest()
