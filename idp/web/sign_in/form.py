"""The sign-in form: four fields, what is asked of their shape, and what fills them beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import DataRequired, InputRequired, ValidationError

from idp.domain.people.siret import InvalidSiret, Siret, display_siret, parse_siret
from idp.http.csrf import BoundForm
from idp.web.sign_in.remembered import Remembered

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

    @property
    def is_oversized(self) -> bool:
        """No name or password is that long: refused like a wrong one, before anything is done with it."""
        names = (self.siret.data, self.family_name.data, self.given_name.data)
        return any(len(text or "") > LONGEST_NAME for text in names) or len(self.password.data or "") > LONGEST_PASSWORD


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
