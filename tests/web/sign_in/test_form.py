"""What was sent is read without making the form, and read as the form reads it."""

from __future__ import annotations

from itertools import product

from werkzeug.datastructures import MultiDict

from idp.http.csrf import FIELD, FormScope, form_token, is_ours
from idp.usecases.deps import Deps
from idp.web.sign_in.form import SignInForm, Typed
from tests.quiet import quiet_app

SCOPE = FormScope("transaction", "browser")
SIRETS = (
    None,
    "",
    " ",
    "99900037500017",
    " 999 000 375 00017 ",
    "999000375",
    "99900037500018",
    "9990003750001A",
    "\u0669" * 14,
)
NAMES = (None, "", " ", "\u00a0", "\u200b", "\t\n", "Moutin", " Moutin ")
PASSWORDS = (None, "", " ", "Mire2026demo")
MARKS = (None, "", "y", "false", "true", "0")


def sent(
    siret: str | None, family: str | None, given: str | None, password: str | None, mark: str | None
) -> MultiDict[str, str]:
    values = {"siret": siret, "family_name": family, "given_name": given, "password": password, "remember": mark}
    token = form_token(SCOPE.scope_id, SCOPE.browser_token, SignInForm.form_name)
    return MultiDict({FIELD: token} | {name: value for name, value in values.items() if value is not None})


def test_what_is_complete_is_what_the_form_finds_nothing_wrong_with(deps: Deps) -> None:
    seen = set()
    with quiet_app(deps).test_request_context():
        for values in product(SIRETS, NAMES, NAMES, PASSWORDS, (None,)):
            form = SignInForm(SCOPE, sent(*values))
            typed = Typed.of(sent(*values))
            assert form.validate() is typed.is_complete, values
            seen.add(typed.is_complete)
    assert {True, False} == seen


def test_every_field_is_read_as_the_form_reads_it(deps: Deps) -> None:
    with quiet_app(deps).test_request_context():
        for mark in MARKS:
            typed = Typed.of(sent(" 1 ", " a ", "b", " c", mark))
            form = SignInForm(SCOPE, sent(" 1 ", " a ", "b", " c", mark))
            read = (
                form.siret.data,
                form.family_name.data,
                form.given_name.data,
                form.password.data,
                form.remember.data,
            )
            assert read == (typed.siret, typed.family_name, typed.given_name, typed.password, typed.remember), mark


def test_only_a_form_given_for_this_to_this_browser_is_ours(deps: Deps) -> None:
    with quiet_app(deps).test_request_context():
        form = sent("1", "a", "b", "c", None)
        assert is_ours(SCOPE, SignInForm.form_name, form), "the control"
        assert not is_ours(FormScope("another", SCOPE.browser_token), SignInForm.form_name, form)
        assert not is_ours(FormScope(SCOPE.scope_id, "another"), SignInForm.form_name, form)
        assert not is_ours(SCOPE, "another", form)
        assert not is_ours(SCOPE, SignInForm.form_name, MultiDict())
