"""A form is good for one form, one scope and one browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from idp.adapters.keyed_hash import KeyedHash
from idp.http.csrf import check, form_token
from idp.store.database import Database
from idp.usecases.deps import Deps
from tests.quiet import quiet_app, quiet_deps


@pytest.fixture
def deps(database: Database) -> Deps:
    return quiet_deps(database)


@pytest.fixture
def app(deps: Deps) -> Iterator[Flask]:
    app = quiet_app(deps)
    with app.app_context():
        yield app


def test_the_form_we_gave_is_good(app: Flask) -> None:
    assert check(form_token("t", "browser", "sign_in"), "t", "browser", "sign_in")


@pytest.mark.parametrize(
    ("scope", "browser", "form"),
    [("other", "browser", "sign_in"), ("t", "other", "sign_in"), ("t", "browser", "cancel"), ("t", "", "sign_in")],
)
def test_no_other_scope_browser_or_form_takes_it(app: Flask, scope: str, browser: str, form: str) -> None:
    assert not check(form_token("t", "browser", "sign_in"), scope, browser, form)


def test_parts_do_not_run_into_one_another(app: Flask) -> None:
    assert not check(form_token("ab", "c", "f"), "a", "bc", "f")


def test_a_browser_without_cookie_was_given_nothing(app: Flask) -> None:
    assert not check(form_token("t", "", "sign_in"), "t", "", "sign_in")


def test_two_pages_never_carry_the_same_text(app: Flask) -> None:
    """BREACH guesses a secret that stands still beside what it can reflect."""
    assert form_token("t", "b", "f") != form_token("t", "b", "f")


def test_a_rotated_secret_still_reads_what_it_gave(deps: Deps, app: Flask) -> None:
    token = form_token("t", "b", "f")
    rotated = quiet_app(replace(deps, keyed_hash=KeyedHash([b"n" * 32, b"k" * 32])))
    replaced = quiet_app(replace(deps, keyed_hash=KeyedHash([b"n" * 32])))
    with rotated.app_context():
        assert check(token, "t", "b", "f")
    with replaced.app_context():
        assert not check(token, "t", "b", "f")


@cache
def app_without_database() -> Flask:
    return quiet_app(quiet_deps(Database.__new__(Database)))


@given(st.text(max_size=100))
def test_no_text_is_good_by_chance(text: str) -> None:
    with app_without_database().app_context():
        assert not check(text, "t", "b", "f")
