"""What a partner's pages and mails look like: values, already validated (the contract: docs/reference/themes.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

DEFAULT_THEME = "default"
LOCALES = ("fr", "en")


class SubmitWording(StrEnum):
    """The four wordings of the sign-in button; the page translates them."""

    SIGN_IN = "sign_in"
    CONTINUE = "continue"
    ACCESS = "access"
    CONFIRM = "confirm"


class Layout(StrEnum):
    """How the sign-in fields are laid out."""

    STACKED = "stacked"
    TWO_COLUMNS = "two-columns"


def _empty() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ThemeTexts:
    """Plain text of one locale; no markup ever."""

    title: str = ""
    """At most 60 characters; empty: the page's own title."""
    help: str = ""
    """At most 120 characters."""
    submit: SubmitWording = SubmitWording.SIGN_IN


@dataclass(frozen=True, slots=True)
class MailTexts:
    """What a mail of one locale says around its own message; plain text."""

    sender_name: str = ""
    signature: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class ThemeLinks:
    """Where the page's links go; an empty one is not shown."""

    forgotten_password: str = ""
    create_account: str = ""
    help: str = ""
    certificate: str = ""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file of a theme, held in memory. `name` carries its digest: it never changes under that name."""

    name: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Logo:
    """The partner's logo: hashed file names (`dark` may be empty), and its size in CSS pixels."""

    file: str
    alt: str
    width: int
    height: int
    dark: str = ""


@dataclass(frozen=True, slots=True)
class Theme:
    """One partner's look. `css` is built by us from parsed values: nothing of theme.yaml is copied into it as text."""

    name: str
    display_name: str = ""
    css: str = ""
    logo: Logo | None = None
    layout: Layout = Layout.STACKED
    show_fields_help: bool = True
    links: ThemeLinks = ThemeLinks()
    texts: Mapping[str, ThemeTexts] = field(default_factory=_empty)
    mail_texts: Mapping[str, MailTexts] = field(default_factory=_empty)
    files: Mapping[str, StaticFile] = field(default_factory=_empty)

    def text(self, locale: str) -> ThemeTexts:
        """The texts of this locale, else French, else none."""
        return self.texts.get(locale) or self.texts.get(LOCALES[0]) or ThemeTexts()

    def mail_text(self, locale: str) -> MailTexts:
        """The mail texts of this locale, else French, else none."""
        return self.mail_texts.get(locale) or self.mail_texts.get(LOCALES[0]) or MailTexts()


@dataclass(frozen=True, slots=True)
class ThemeSet:
    """Every theme, parsed once. A reload swaps the whole value."""

    digest: str
    themes: Mapping[str, Theme]

    def find(self, name: str) -> Theme:
        """The theme of that name, else `default`, else a bare one."""
        return self.themes.get(name) or self.themes.get(DEFAULT_THEME) or Theme(DEFAULT_THEME)
