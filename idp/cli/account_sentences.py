"""What operators are told about a field that cannot be taken."""

from __future__ import annotations

from collections.abc import Mapping

from idp.domain.people.problems import FieldProblem

SENTENCES: Mapping[str, str] = {
    "invalid_siret:shape": "must be 14 digits",
    "invalid_siret:siren": "is a SIREN of 9 digits; the SIRET of the establishment has 14",
    "invalid_siret:check_digit": "has a wrong check digit, and the registry does not know it",
    "invalid_siret:own_successor": "cannot be its own successor",
    "siret_not_taken:closed": "is of a closed establishment",
    "siret_not_taken:test_only": "is of a test company, and IDP_TEST_SIRENS does not name it",
    "unknown_siret": "is not known to the registry",
    "establishment_closed": "is closed already",
    "invalid_name:empty": "must hold a letter",
    "invalid_name:too_long": "is too long",
    "invalid_name:character": "cannot hold {character!r}",
    "invalid_email": "must be an e-mail address",
    "invalid_phone": "must be a telephone number",
    "password_long_enough": "is too short",
    "password_not_too_long": "is too long",
    "password_letters": "has too few letters",
    "password_digits": "has too few digits",
    "password_both_cases": "must hold upper-case and lower-case letters",
    "password_printable": "holds a character that cannot be typed",
    "password_not_common": "is one of those that everyone tries",
    "password_not_about_you": "holds a name, the organisation, the mailbox or a part of the SIRET",
    "unknown_subject": "is no account's subject",
    "triplet_taken": "of SIRET, family name and given name belongs to another account",
    "unknown_column": "is not a column of a file of accounts",
    "missing_column": "is missing from the first line",
    "column_twice": "is in the first line twice",
    "unreadable": "is not UTF-8, or holds a control character",
    "not_in_list": "must be one of: {allowed}",
    "wrong_number_of_cells": "has {found} cells, and the first line {expected}",
    "broken_csv": "is not CSV",
}


def sentence(problem: FieldProblem) -> str:
    """One problem in words; never the value itself, which may be a password in the wrong column."""
    specific = f"{problem.code}:{problem.facts.get('reason', '')}"
    words = SENTENCES.get(specific) or SENTENCES[problem.code]
    return f"{problem.name} {words.format(**problem.facts)}"
