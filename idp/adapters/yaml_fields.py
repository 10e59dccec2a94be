"""Reading the keys of a YAML mapping by their table: each value has its shape, or a problem with its line is noted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import yaml

from idp.adapters.yaml_file import YamlFile, line_of
from idp.domain.portals.file_fields import Field, Kind, instead_of

Special = Callable[[Field, yaml.Node, str], Any]


class FieldReader:
    """Reads mappings of one file. `elsewhere` says what to write for names people bring from other products."""

    def __init__(
        self, file: YamlFile, *, jwks: Special | None = None, elsewhere: Mapping[str, str] | None = None
    ) -> None:
        self._file = file
        self._jwks = jwks
        self._elsewhere = elsewhere or {}

    def mapping(
        self, node: yaml.MappingNode, table: Sequence[Field], where: str = ""
    ) -> tuple[dict[str, Any], dict[str, int]]:
        """The values of the known keys, and the line of each key (`key.0` for items, `key.sub` for sub-keys)."""
        fields = {field.name: field for field in table}
        values: dict[str, Any] = {}
        lines: dict[str, int] = {}
        written = set()
        for name, key, value in self._file.entries(node, where):
            lines[name] = line_of(key)
            written.add(name)
            if name in fields:
                self._value(fields[name], value, values, lines, where)
            elif name in self._elsewhere:
                self._file.problem(line_of(key), f"{where}{name}: unknown key; write {self._elsewhere[name]}")
            else:
                self._file.unknown(line_of(key), name, tuple(fields), where)
        for field in table:
            if field.required and field.name not in written:
                self._file.problem(line_of(node), f"{where}{field.name} is missing; {field.doc}")
        return values, lines

    def _value(self, field: Field, node: yaml.Node, values: dict[str, Any], lines: dict[str, int], where: str) -> None:
        match field.kind:
            case Kind.MAPPING:
                value: Any = self._sub_mapping(field, node, lines, where)
            case Kind.LIST:
                value = self._list(field, node, lines, where)
            case Kind.SECRETS:
                value = self._secret_sources(field, node, lines, where)
            case Kind.JWKS:
                value = self._jwks(field, node, where) if self._jwks else None
            case Kind.FLAG:
                value = self._file.scalar(node, bool, where + field.name, "true or false")
            case Kind.COUNT:
                value = self._count(field, node, where)
            case _:
                value = self._text(field, node, where)
        if value is not None:
            values[field.name] = value

    def _text(self, field: Field, node: yaml.Node, where: str) -> str | None:
        instead = instead_of(field)
        text = self._file.scalar(node, str, where + field.name, instead)
        if text is None:
            return None
        if (field.choices and text not in field.choices) or not re.fullmatch(field.pattern or "(?s:.*)", text):
            shown = "this value" if field.kind is Kind.SECRETS else f"{text!r}"  # never repeat what may be a secret
            self._file.problem(line_of(node), f"{where}{field.name}: {shown} cannot be used; write {instead}")
            return None
        return str(text)

    def _count(self, field: Field, node: yaml.Node, where: str) -> int | None:
        number: int | None = self._file.scalar(node, int, where + field.name, instead_of(field))
        if number is not None and not field.least <= number <= (number if field.most is None else field.most):
            self._file.problem(
                line_of(node), f"{where}{field.name}: {number} cannot be used; write {instead_of(field)}"
            )
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
        return items if len(items) == len(node.value) else None

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

    def _sub_mapping(self, field: Field, node: yaml.Node, lines: dict[str, int], where: str) -> dict[str, Any] | None:
        if not isinstance(node, yaml.MappingNode):
            self._file.problem(line_of(node), f"{where}{field.name}: write keys and values under it")
            return None
        values, inner = self.mapping(node, field.fields, f"{where}{field.name}.")
        lines.update({f"{field.name}.{key}": line for key, line in inner.items()})
        return values
