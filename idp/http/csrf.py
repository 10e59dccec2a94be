"""Proof that a form was given by us to this browser for this thing: HMAC over (transaction or session, browser, form).

Only on our own forms, never on protocol endpoints. Nothing is stored and Flask's session is not used: the browser
cookie is what an attacker's page cannot know, the scope keeps a form of one transaction or session out of another.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from werkzeug.datastructures import MultiDict
from wtforms import Form
from wtforms.csrf.core import CSRF
from wtforms.validators import ValidationError

from idp.http.deps import current_deps

PURPOSE = "form"
FIELD = "form_token"


@dataclass(frozen=True, slots=True)
class FormScope:
    """What a form is given for (a transaction's id, or a session's), and to which browser."""

    scope_id: str
    browser_token: str


def form_token(scope_id: str, browser_token: str, form_name: str) -> str:
    """A token for this form; salted, so that it reads differently on every page (BREACH, breachattack.com)."""
    deps = current_deps()
    salt = deps.random.token(12)
    proof = deps.keyed_hash.of(PURPOSE, salt, scope_id, browser_token, form_name)
    return f"{salt}.{base64.urlsafe_b64encode(proof).decode()}"


def is_ours(scope: FormScope, form_name: str, sent: Mapping[str, str]) -> bool:
    """Whether what was sent is of a form that we gave for this; looked at before anything else of it."""
    return check(sent.get(FIELD, ""), scope.scope_id, scope.browser_token, form_name)


def check(token: str, scope_id: str, browser_token: str, form_name: str) -> bool:
    """Whether we gave `token` for this form, scope and browser. A browser without cookie was given nothing."""
    salt, _, encoded = token.partition(".")
    if not browser_token or not encoded or not token.isascii():
        return False
    try:
        proof = base64.urlsafe_b64decode(encoded)
    except (binascii.Error, ValueError):
        return False
    return current_deps().keyed_hash.matches(proof, PURPOSE, salt, scope_id, browser_token, form_name)


class BoundCSRF(CSRF):  # type: ignore[misc]
    """WTForms' hook for the two functions above."""

    def setup_form(self, form: Any) -> Any:
        self._scope: FormScope = form.meta.csrf_context
        self._form_name: str = form.form_name
        return super().setup_form(form)

    def generate_csrf_token(self, csrf_token_field: Any) -> str:
        return form_token(self._scope.scope_id, self._scope.browser_token, self._form_name)

    def validate_csrf_token(self, form: Any, field: Any) -> None:
        if not check(field.data or "", self._scope.scope_id, self._scope.browser_token, self._form_name):
            raise ValidationError("form_token")


class BoundForm(Form):  # type: ignore[misc]
    """A form of ours. Every class gives its `form_name`; every instance its FormScope."""

    form_name: ClassVar[str]

    class Meta:
        csrf = True
        csrf_class = BoundCSRF
        csrf_field_name = FIELD

    def __init__(self, scope: FormScope, formdata: MultiDict[str, str] | None = None, **defaults: Any) -> None:
        super().__init__(formdata, meta={"csrf_context": scope}, **defaults)

    @property
    def is_ours(self) -> bool:
        """The token that came with the form is right. Checked before anything else of it is looked at."""
        field = self._fields[FIELD]
        return bool(field.validate(self))
