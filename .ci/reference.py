"""Writes docs/reference from the program itself; `--check` says whether the pages are up to date.

Settings, clients.yaml, themes, audit events and commands: what is true is read, never typed a second time.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterable, Sequence
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import click  # noqa: E402  (the package is found through the line above)

from idp.cli import main  # noqa: E402
from idp.domain.platform import audit_events, messages  # noqa: E402
from idp.domain.portals.file_fields import Field, Kind  # noqa: E402
from idp.domain.portals.profiles import RULES  # noqa: E402
from idp.domain.portals.registry_fields import CLIENT_FIELDS, PUBLISHER_FIELDS, RESOURCE_FIELDS  # noqa: E402
from idp.domain.portals.theme_fields import THEME_FIELDS  # noqa: E402
from idp.settings import PREFIX, Settings  # noqa: E402

FOLDER = ROOT / "docs" / "reference"
NOTE = "<!-- Written by `.ci/reference.py` from the program; do not edit. -->"


def pages() -> dict[str, str]:
    """Every generated page, by file name."""
    return {
        "settings.md": _page("Settings", _settings()),
        "clients.md": _page("clients.yaml", _clients()),
        "profiles.md": _page("Profiles of clients", _profiles()),
        "themes.md": _page("theme.yaml", _themes()),
        "events.md": _page("Audit events and messages", _events()),
        "commands.md": _page("Commands", _commands(main, "idp")),
    }


def _page(title: str, body: Iterable[str]) -> str:
    return f"# {title}\n\n{NOTE}\n\n" + "\n".join(body).rstrip() + "\n"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines] + [""]


def _settings() -> list[str]:
    rows = []
    for item in fields(Settings):
        default = item.metadata["default"]
        shown = "*required*" if default is None else f"`{default}`" if default else "empty"
        rows.append([f"`{PREFIX}{item.name.upper()}`", shown, item.metadata["doc"]])
    intro = (
        "Read from the environment. An unknown `IDP_*` name, a missing secret or a wrong value stops the start with one"
    )
    return [
        intro,
        "sentence. Each secret takes several `ID:VALUE`, separated by spaces: the first writes, all read, so each",
        "can be replaced without a gap.",
        "",
        *_table(["name", "default", "what it is"], rows),
    ]


def _clients() -> list[str]:
    return [
        "A list `clients`, one entry a partner, and a list `resources`, one entry an API. The names are",
        "those of RFC 7591, plus ours. `idp clients check` names file, line and what to write instead.",
        "",
        "## clients",
        "",
        *_fields(CLIENT_FIELDS),
        "## resources",
        "",
        *_fields(RESOURCE_FIELDS),
        "## software_publishers",
        "",
        "Whose software statements are believed (RFC 7591 section 2.3).",
        "",
        *_fields(PUBLISHER_FIELDS),
    ]


def _profiles() -> list[str]:
    lines = [
        "The key `profile` of a client names one of these tables. A client's own keys may demand more and never less;",
        "`idp clients explain CLIENT_ID` prints what is in force for one client. Common to all: code flow",
        "only, exact redirect URIs, codes of 60 s used once, `iss` in each answer, `S256` and never `plain`.",
        "",
    ]
    for profile, rules in RULES.items():
        rows = [[name.replace("_", " "), _held(getattr(rules, name)), why] for name, why in rules.reasons.items()]
        lines += [f"## `{profile}`", "", *_table(["demand", "value", "why"], rows)]
    return lines


def _held(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value // 1000} s"
        case frozenset():
            return ", ".join(f"`{item}`" for item in sorted(value))
    return f"`{value}`"


def _themes() -> list[str]:
    return [
        "One folder a theme: `theme.yaml`, `static/`, `mail/`. `idp themes check` also measures contrast.",
        "",
        *_fields(THEME_FIELDS),
    ]


def _fields(items: Sequence[Field]) -> list[str]:
    return _table(["key", "holds", "what it is"], _rows(items, ""))


def _rows(items: Sequence[Field], prefix: str) -> list[list[str]]:
    rows = []
    for item in items:
        holds = ", ".join(f"`{choice}`" for choice in item.choices) or item.kind.value
        if item.most is not None:
            holds += f" {item.least} to {item.most}"
        doc = item.doc + (" **Required.**" if item.required else "")
        rows.append([f"`{prefix}{item.name}`", holds, doc])
        if item.kind is Kind.MAPPING:
            rows += _rows(item.fields, f"{prefix}{item.name}.")
    return rows


def _events() -> list[str]:
    return [
        "Each row of the trail has a time, an actor, a subject, a client, an address prefix and a request id. None",
        "holds a password, a token or a secret. `idp audit list` shows them.",
        "",
        *_table(["event", "what happened"], _members(audit_events, "AuditEvent")),
        "## Messages",
        "",
        *_table(["message", "what it says"], _members(messages, "Message")),
    ]


def _members(module: ModuleType, name: str) -> list[list[str]]:
    """Value and docstring of each member of an enumeration; only the source keeps the docstrings of members."""
    body = next(
        node.body
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.ClassDef) and node.name == name
    )
    rows = []
    for member, doc in pairwise(body):
        if isinstance(member, ast.Assign) and isinstance(doc, ast.Expr):
            rows.append([f"`{ast.literal_eval(member.value)}`", " ".join(ast.literal_eval(doc.value).split())])
    return rows


def _commands(command: click.Command, path: str) -> list[str]:
    lines = []
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            lines += _commands(command.get_command(context, name), f"{path} {name}")
        return lines
    arguments = " ".join(
        item.make_metavar(click.Context(command)) for item in command.params if isinstance(item, click.Argument)
    )
    lines += [f"## `{' '.join(filter(None, (path, arguments)))}`", "", inspect.cleandoc(command.help or ""), ""]
    options = [item for item in command.params if isinstance(item, click.Option) and not item.hidden]
    if options:
        lines += _table(
            ["option", "what it is"], [[f"`{'`, `'.join(item.opts)}`", item.help or ""] for item in options]
        )
    return lines


def stale() -> list[str]:
    """The names of pages that are not what the program says now."""
    return [
        name for name, text in pages().items() if not (FOLDER / name).exists() or (FOLDER / name).read_text() != text
    ]


def write() -> None:
    """Write every page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit("".join(f"docs/reference/{name} is stale: run .ci/reference.py\n" for name in stale()) or 0)
    write()
