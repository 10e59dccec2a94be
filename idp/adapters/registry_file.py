"""Reading clients.yaml: every problem with its line, or the registry."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from idp.adapters.machine_secrets import SecretReader
from idp.adapters.yaml_file import FileProblem, YamlFile, line_of, plain
from idp.domain.portals.clients import ClientRegistry
from idp.domain.portals.registry_building import build_client, build_resource
from idp.domain.portals.registry_checks import check_registry
from idp.domain.portals.registry_content import make_registry
from idp.domain.portals.registry_entries import Entry
from idp.domain.portals.registry_fields import CLIENT_FIELDS, ELSEWHERE, RESOURCE_FIELDS, Field, Kind

RegistryProblem = FileProblem
LISTS = {"clients": CLIENT_FIELDS, "resources": RESOURCE_FIELDS}


def load_registry(
    path: Path, issuer: str, environment: Mapping[str, str] | None = None, themes: frozenset[str] | None = None
) -> ClientRegistry | list[RegistryProblem]:
    """The registry of `path`, or everything that is wrong in it.

    `environment` is where env: secrets are; without it they are only named. `themes` are the names that exist; without
    it a theme's name is not looked up.
    """
    return RegistryFile(path, issuer, environment, themes).load()


class RegistryFile:
    """clients.yaml being read; `named` is every other file it names."""

    def __init__(
        self,
        path: Path,
        issuer: str,
        environment: Mapping[str, str] | None = None,
        themes: frozenset[str] | None = None,
    ) -> None:
        self._file = YamlFile(path)
        self._issuer = issuer
        self._themes = themes
        self._secrets = SecretReader(path.parent, environment)

    @property
    def named(self) -> frozenset[Path]:
        """The files that were named, to be looked at as the file itself is."""
        return frozenset(self._secrets.files)

    def load(self) -> ClientRegistry | list[RegistryProblem]:
        """The registry, or the problems in the order of the file."""
        try:
            content = self._file.path.read_bytes()
        except OSError as error:
            self._file.problem(1, f"cannot be read ({error.strerror}); write it or point IDP_CLIENTS at it")
            return self._file.problems
        registry = self._read(content)
        if registry is None or self._file.problems:
            return sorted(self._file.problems, key=lambda problem: problem.line)
        return registry

    def _read(self, content: bytes) -> ClientRegistry | None:
        root = self._file.root(content)
        if root is None:
            return None
        lists: dict[str, list[Entry]] = {"clients": [], "resources": []}
        for name, key, value in self._file.entries(root):
            if name in LISTS:
                lists[name] = self._entries_of(name, value)
            else:
                self._file.unknown(line_of(key), name, tuple(LISTS))
        for complaint in check_registry(lists["clients"], lists["resources"], self._issuer, self._themes):
            self._file.problem(complaint.line, complaint.message)
        secrets = [self._secrets_of(entry) for entry in lists["clients"]]
        if self._file.problems:
            return None
        clients = [build_client(*pair) for pair in zip(lists["clients"], secrets, strict=True)]
        return make_registry(self._issuer, clients, [build_resource(entry) for entry in lists["resources"]])

    def _secrets_of(self, entry: Entry) -> Any:
        digests = []
        for index, source in enumerate(entry.items("client_secret")):
            digest = self._secrets.read(source)
            if isinstance(digest, str):
                self._file.problem(entry.line_of("client_secret", index), f"{_name(entry)}client_secret: {digest}")
            else:
                digests.append(digest)
        return tuple(digests)

    def _entries_of(self, name: str, node: yaml.Node) -> list[Entry]:
        if not isinstance(node, yaml.SequenceNode):
            self._file.problem(line_of(node), f"{name}: write a list, each entry beginning with a dash")
            return []
        found = [self._entry(item, name) for item in node.value]
        return [entry for entry in found if entry is not None]

    def _entry(self, node: yaml.Node, name: str) -> Entry | None:
        if not isinstance(node, yaml.MappingNode):
            self._file.problem(line_of(node), f"{name}: write keys and values under this dash")
            return None
        identity = {str(key.value): str(value.value) for key, value in node.value}
        title = identity.get("client_id") or identity.get("identifier") or name
        where = f"{title}: "
        values, lines = self._mapping(node, LISTS[name], where)
        for field in LISTS[name]:
            if field.required and field.name not in identity:
                self._file.problem(line_of(node), f"{where}{field.name} is missing; {field.doc}")
        return Entry(line_of(node), values, lines)

    def _mapping(
        self, node: yaml.MappingNode, table: Sequence[Field], where: str
    ) -> tuple[dict[str, Any], dict[str, int]]:
        fields = {field.name: field for field in table}
        values: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for name, key, value in self._file.entries(node, where):
            lines[name] = line_of(key)
            if name in fields:
                self._field(fields[name], value, values, lines, where)
            elif name in ELSEWHERE and table is CLIENT_FIELDS:
                self._file.problem(line_of(key), f"{where}unknown key {name}; write {ELSEWHERE[name]}")
            else:
                self._file.unknown(line_of(key), name, tuple(fields), where)
        return values, lines

    def _field(self, field: Field, node: yaml.Node, values: dict[str, Any], lines: dict[str, int], where: str) -> None:
        match field.kind:
            case Kind.MAPPING:
                value: Any = self._sub_mapping(field, node, lines, where)
            case Kind.LIST:
                value = self._list(field, node, lines, where)
            case Kind.SECRETS:
                value = self._secret_sources(field, node, lines, where)
            case Kind.JWKS:
                value = self._jwks(field, node, where)
            case Kind.FLAG:
                value = self._file.scalar(node, bool, where + field.name, "true or false")
            case Kind.COUNT:
                value = self._count(field, node, where)
            case _:
                value = self._text(field, node, where)
        if value is not None:
            values[field.name] = value

    def _text(self, field: Field, node: yaml.Node, where: str) -> str | None:
        instead = _instead(field)
        text = self._file.scalar(node, str, where + field.name, instead)
        if text is None:
            return None
        if (field.choices and text not in field.choices) or not re.fullmatch(field.pattern or ".*", text):
            shown = "this value" if field.kind is Kind.SECRETS else f"{text!r}"  # never repeat what may be a secret
            self._file.problem(line_of(node), f"{where}{field.name}: {shown} cannot be used; write {instead}")
            return None
        return str(text)

    def _count(self, field: Field, node: yaml.Node, where: str) -> int | None:
        number: int | None = self._file.scalar(node, int, where + field.name, "a whole number of seconds")
        if number is not None and number < 0:
            self._file.problem(line_of(node), f"{where}{field.name}: {number} is negative; write 0 or more seconds")
            return None
        return number

    def _list(self, field: Field, node: yaml.Node, lines: dict[str, int], where: str) -> list[str] | None:
        if not isinstance(node, yaml.SequenceNode):
            self._file.problem(line_of(node), f"{where}{field.name}: write a list, one item a line after a dash")
            return None
        items: list[str] = []
        for item in node.value:
            text = self._text(field, item, where)
            if text is not None and text in items:
                self._file.problem(line_of(item), f"{where}{field.name}: {text!r} is written twice; keep one")
            elif text is not None:
                lines[f"{field.name}.{len(items)}"] = line_of(item)
                items.append(text)
        return items

    def _secret_sources(self, field: Field, node: yaml.Node, lines: dict[str, int], where: str) -> list[str] | None:
        if isinstance(node, yaml.ScalarNode):
            source = self._text(field, node, where)
            return None if source is None else [source]
        sources = self._list(field, node, lines, where)
        if sources is not None and not 1 <= len(node.value) <= 2:
            self._file.problem(
                line_of(node), f"{where}{field.name}: write one secret, or two while it is being changed"
            )
        return sources

    def _jwks(self, field: Field, node: yaml.Node, where: str) -> dict[str, Any] | None:
        keys = self._secrets.key_set(plain(node))
        if isinstance(keys, str):
            self._file.problem(line_of(node), f"{where}{field.name}: {keys}")
            return None
        return keys

    def _sub_mapping(self, field: Field, node: yaml.Node, lines: dict[str, int], where: str) -> dict[str, Any] | None:
        if not isinstance(node, yaml.MappingNode):
            self._file.problem(line_of(node), f"{where}{field.name}: write keys and values under it")
            return None
        values, inner = self._mapping(node, field.fields, f"{where}{field.name}.")
        lines.update({f"{field.name}.{key}": line for key, line in inner.items()})
        return values


def _name(entry: Entry) -> str:
    return f"{entry.text('client_id')}: "


def _instead(field: Field) -> str:
    if field.choices:
        return f"one of {', '.join(field.choices)}" if len(field.choices) > 1 else field.choices[0]
    return field.instead or "a text"
