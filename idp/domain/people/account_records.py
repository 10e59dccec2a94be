"""One line of a file of accounts: which columns there are, and the account that its cells ask for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from idp.domain.people.accounts import AccountState, Role
from idp.domain.people.new_accounts import NewAccount
from idp.domain.people.problems import FieldProblem

REQUIRED_COLUMNS = ("siret", "family_name", "given_name", "email", "role")
OPTIONAL_COLUMNS = (
    "organisation", "phone", "locale", "state", "email_verified", "password", "person",
)  # fmt: skip
"""`person` ties the accounts of one person together: the same text, the same person, within one file."""

_LOCALES = ("fr", "en")
_YES_OR_NO = {"yes": True, "oui": True, "true": True, "1": True, "no": False, "non": False, "false": False, "0": False}


def column_problems(header: Sequence[str]) -> tuple[FieldProblem, ...]:
    """What is wrong with the file's first line."""
    known = REQUIRED_COLUMNS + OPTIONAL_COLUMNS
    unknown = [FieldProblem(name, "unknown_column") for name in header if name not in known]
    missing = [FieldProblem(name, "missing_column") for name in REQUIRED_COLUMNS if name not in header]
    twice = [FieldProblem(name, "column_twice") for name in dict.fromkeys(header) if header.count(name) > 1]
    return (*unknown, *missing, *twice)


def read_record(cells: Mapping[str, str], file_digest: str) -> NewAccount | tuple[FieldProblem, ...]:
    """The account that this line asks for, or what is wrong with its closed lists and its bytes."""
    problems = _unreadable(cells) + _outside_lists(cells)
    if problems:
        return problems
    person = cells.get("person", "").strip()
    return NewAccount(
        siret=cells["siret"],
        family_name=cells["family_name"],
        given_name=cells["given_name"],
        email=cells["email"],
        role=Role(cells["role"].strip().lower()),
        password=cells.get("password") or None,
        state=AccountState(cells.get("state", "").strip().lower() or AccountState.ACTIVE),
        email_verified=_YES_OR_NO[cells.get("email_verified", "").strip().lower() or "no"],
        phone=cells.get("phone", ""),
        locale=cells.get("locale", "").strip().lower() or "fr",
        organisation=cells.get("organisation", "").strip(),
        person_id=hashlib.sha256(f"{file_digest}:{person}".encode()).hexdigest()[:32] if person else "",
    )


def _unreadable(cells: Mapping[str, str]) -> tuple[FieldProblem, ...]:
    """Cells that were not UTF-8 (kept as lone surrogates by the reader) or hold control characters."""
    return tuple(
        FieldProblem(name, "unreadable")
        for name, cell in cells.items()
        if any("\ud800" <= character <= "\udfff" or character < " " or character == "\x7f" for character in cell)
    )


def _outside_lists(cells: Mapping[str, str]) -> tuple[FieldProblem, ...]:
    lists = {
        "role": list(Role),
        "state": ["", *AccountState],
        "locale": ["", *_LOCALES],
        "email_verified": ["", *_YES_OR_NO],
    }
    return tuple(
        FieldProblem(name, "not_in_list", {"allowed": ", ".join(filter(None, allowed))})
        for name, allowed in lists.items()
        if name in cells and cells[name].strip().lower() not in allowed
    )
