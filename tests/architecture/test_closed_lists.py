"""A closed list holds what is used, and nothing else is: each member is named by the code outside its own file."""

from __future__ import annotations

import ast
from enum import Enum
from pathlib import Path

import pytest

from idp.domain.platform.audit_events import AuditEvent
from idp.domain.platform.jobs import JobKind, Schedule
from idp.domain.platform.messages import Message
from idp.domain.platform.metrics import Metric

PACKAGE = Path(__file__).resolve().parents[2] / "idp"
LISTS: tuple[type[Enum], ...] = (AuditEvent, JobKind, Schedule, Message, Metric)


def members_named() -> set[tuple[str, str]]:
    """Every `List.MEMBER` that the program writes, as (list, member)."""
    return {
        (node.value.id, node.attr)
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


@pytest.mark.parametrize("closed_list", LISTS, ids=lambda closed_list: closed_list.__name__)
def test_every_member_is_used(closed_list: type[Enum]) -> None:
    named = members_named()
    assert [member.name for member in closed_list if (closed_list.__name__, member.name) not in named] == []


def test_events_are_named_noun_dot_past_participle() -> None:
    assert [event for event in AuditEvent if event.count(".") != 1 or event != event.lower()] == []


def test_nobody_writes_an_event_that_is_not_in_the_list() -> None:
    """Every AuditRecord is made with a member, or with a name that holds one: never with a text."""
    written = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "AuditRecord"
        and node.args
        and isinstance(node.args[0], ast.Constant | ast.JoinedStr)
    ]
    assert written == []


def test_the_search_sees_an_unused_member() -> None:
    """The control."""
    assert ("AuditEvent", "NOBODY_DID_THIS") not in members_named()
    assert ("AuditEvent", "KEY_CREATED") in members_named()
