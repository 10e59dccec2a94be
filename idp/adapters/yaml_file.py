"""A YAML file as nodes that know their line. Plain YAML only: no alias, no merge, no repeated key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

LARGEST = 4 * 1024 * 1024
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
PLAIN: dict[str, Callable[[str], Any]] = {
    "tag:yaml.org,2002:str": str,
    "tag:yaml.org,2002:bool": lambda text: text.lower() in ("true", "yes", "on"),
    "tag:yaml.org,2002:int": lambda text: int(text.replace("_", ""), 10),
    "tag:yaml.org,2002:null": lambda _: None,
}

Node = yaml.Node


@dataclass(frozen=True, slots=True)
class FileProblem:
    """What is wrong at a line of a file, and what to write instead."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class YamlFile:
    """One file being read: gathers every problem instead of stopping at the first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[FileProblem] = []

    def problem(self, line: int, message: str) -> None:
        """Note that something is wrong at `line`."""
        self.problems.append(FileProblem(str(self.path), line, message))

    def root(self, content: bytes) -> yaml.MappingNode | None:
        """The top mapping, or None with the problem noted."""
        try:
            return self._composed(content.decode("utf-8"))
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            self.problem(line, "is not UTF-8; save the file as UTF-8")
        except yaml.MarkedYAMLError as error:
            mark: Any = error.problem_mark or error.context_mark
            self.problem(int(mark.line) + 1 if mark else 1, f"is not YAML ({error.problem or error.context})")
        except yaml.YAMLError:
            self.problem(1, "is not YAML: it holds a character that YAML does not allow")
        return None

    def _composed(self, text: str) -> yaml.MappingNode | None:
        if len(text) > LARGEST:
            self.problem(1, f"is larger than {LARGEST} bytes")
            return None
        for event in yaml.parse(text, Loader=LOADER):
            if isinstance(event, yaml.AliasEvent):
                mark: Any = event.start_mark
                self.problem(int(mark.line) + 1, f"*{event.anchor}: write the value out; aliases are not read")
                return None
        node = yaml.compose(text, Loader=LOADER)
        if not isinstance(node, yaml.MappingNode):
            self.problem(1, "is empty or a list; write keys and values")
            return None
        return node

    def entries(self, node: yaml.MappingNode, where: str = "") -> Iterator[tuple[str, Node, Node]]:
        """Each key (as text), its node and the value's node; a repeated or strange key is noted and left out."""
        seen: dict[str, int] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            line = line_of(key)
            if not name or name == "<<":
                self.problem(line, f"{where}write a plain key and its value here")
            elif name in seen:
                self.problem(line, f"{where}{name} is already written at line {seen[name]}; keep one")
            else:
                seen[name] = line
                yield name, key, value

    def unknown(self, line: int, name: str, known: Sequence[str], where: str = "") -> None:
        """Note an unknown key, with the nearest known one."""
        near = get_close_matches(name.lower(), known, n=1, cutoff=0.6)
        instead = f"did you mean {near[0]}?" if near else f"write one of {', '.join(known)}"
        self.problem(line, f"{where}{name}: unknown key; {instead}")

    def scalar(self, node: Node, kind: type, where: str, instead: str) -> Any:
        """The text, number or yes/no of a node; None with the problem noted when it is something else."""
        value = plain(node)
        if type(value) is kind:
            return value
        self.problem(line_of(node), f"{where}: {_seen(node)}; write {instead}")
        return None


def line_of(node: Node) -> int:
    """The line a node begins at, from 1."""
    return int(node.start_mark.line) + 1


def plain(node: Node) -> Any:
    """A node without lines: text, int, bool, None, list or dict; a number with a point and a date stay text."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [plain(item) for item in node.value]
    read = PLAIN.get(node.tag, _Odd)
    try:
        return read(node.value)
    except ValueError:
        return _Odd(node.value)


class _Odd(str):
    """A scalar that YAML reads as something we never want (a date, a float, a hexadecimal number)."""

    __slots__ = ()


def _seen(node: Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping was written"
    if isinstance(node, yaml.SequenceNode):
        return "a list was written"
    if node.tag == "tag:yaml.org,2002:null":
        return "nothing was written"
    return f"{node.tag.rpartition(':')[2]} was written"
