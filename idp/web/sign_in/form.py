"""The sign-in form: four fields, what is asked of their shape, and what fills them beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import DataRequired, InputRequired, ValidationError

from idp.domain.people.siret import InvalidSiret, Siret, display_siret, parse_siret
from idp.http.csrf import BoundForm
from idp.web.sign_in.remembered import Remembered

FIELDS = ("siret", "family_name", "given_name", "password")
LONGEST_NAME = 200
LONGEST_PASSWORD = 1_000


class SignInForm(BoundForm):
    """What a person types. The password is never written back into a page."""

    form_name = "sign_in"

    siret = StringField(validators=[DataRequired(_("Saisissez le SIRET de votre établissement."))])
    family_name = StringField(validators=[DataRequired(_("Saisissez votre nom de famille."))])
    given_name = StringField(validators=[DataRequired(_("Saisissez votre prénom."))])
    password = PasswordField(validators=[InputRequired(_("Saisissez votre mot de passe."))])
    remember = BooleanField()

    def validate_siret(self, field: Any) -> None:
        """Only the shape, which everybody can know: whether the number is anyone's is not said here."""
        try:
            parse_siret(field.data)
        except InvalidSiret as error:
            if error.facts["reason"] == "siren":
                raise ValidationError(
                    _("Ce numéro a 9 chiffres : c’est un SIREN. Saisissez les 14 chiffres du SIRET.")
                ) from error
            raise ValidationError(_("Un SIRET compte 14 chiffres. Vérifiez le numéro saisi.")) from error


@dataclass(frozen=True, slots=True)
class Typed:
    """What was sent. Nearly every form that is sent has all that is asked: to see that, none need be made."""

    siret: str
    family_name: str
    given_name: str
    password: str = field(repr=False)
    remember: bool = False

    @classmethod
    def of(cls, sent: Mapping[str, str]) -> Typed:
        """As SignInForm reads it."""
        siret, family_name, given_name, password = (sent.get(name, "") for name in FIELDS)
        return cls(siret, family_name, given_name, password, sent.get("remember", "") not in BooleanField.false_values)

    @property
    def is_complete(self) -> bool:
        """Whether SignInForm would find nothing wrong."""
        try:
            parse_siret(self.siret)
        except InvalidSiret:
            return False
        return bool(self.family_name.strip() and self.given_name.strip() and self.password)

    @property
    def is_oversized(self) -> bool:
        """No name or password is that long: refused like a wrong one, before anything is done with it."""
        longest = max(map(len, (self.siret, self.family_name, self.given_name)))
        return longest > LONGEST_NAME or len(self.password) > LONGEST_PASSWORD


def prefilled(hint: str, remembered: Remembered | None) -> Mapping[str, Any]:
    """Values to begin with: the portal's `login_hint` (a SIRET or SIRET;NOM;PRENOM) before what this device remembers.

    A hint only fills fields; it is never looked up.
    """
    siret, _separator, names = hint.partition(";")
    try:
        number = display_siret(parse_siret(siret))
    except InvalidSiret:
        return _of_device(remembered)
    family_name, _separator, given_name = names.partition(";")
    return {"siret": number, "family_name": family_name[:LONGEST_NAME], "given_name": given_name[:LONGEST_NAME]}


def _of_device(remembered: Remembered | None) -> Mapping[str, Any]:
    if remembered is None:
        return {}
    return {
        "siret": display_siret(Siret(remembered.siret)),
        "family_name": remembered.family_name,
        "given_name": remembered.given_name,
        "remember": True,
    }
