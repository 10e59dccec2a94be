"""SIREN and SIRET: the numbers of a legal unit and of its establishments."""

from __future__ import annotations

import re
from enum import StrEnum

from idp.domain.platform.errors import DomainError

LA_POSTE = "356000000"
TEST_RANGE = "999000"
"""SIREN that begin so are given to nobody: test companies, Luhn-valid by design."""

# What people paste between the groups: space, no-break, narrow no-break, thin and figure spaces, zero-width marks.
_SEPARATORS = dict.fromkeys(map(ord, " \t\u00a0\u202f\u2009\u2007\u200b\u2060\ufeff"))
_SIRET = re.compile(r"[0-9]{14}")
_SIREN = re.compile(r"[0-9]{9}")


class InvalidSiret(DomainError):
    """Not 14 digits, or 14 digits that no rule and no registry accepts; `reason` says which."""

    code = "invalid_siret"


class SiretNotTaken(DomainError):
    """A right number that this deployment makes no account for; `reason` is closed or test_only."""

    code = "siret_not_taken"


class InvalidSiren(DomainError):
    """Not 9 digits."""

    code = "invalid_siren"


class Siren(str):
    """Nine digits: a legal unit (entreprise)."""

    __slots__ = ()


class Siret(str):
    """Fourteen digits: SIREN and NIC, one establishment of a legal unit."""

    __slots__ = ()

    @property
    def siren(self) -> Siren:
        """The legal unit this establishment belongs to."""
        return Siren(self[:9])

    @property
    def nic(self) -> str:
        """The establishment's own five digits; they change when the place of business moves."""
        return self[9:]


class Standing(StrEnum):
    """By what a SIRET is believed."""

    LUHN = "luhn"
    LA_POSTE = "la_poste"
    REGISTRY = "registry"


def parse_siret(text: str) -> Siret:
    """The SIRET typed as `text`, with or without spaces between its digits. The shape only; see `arbitrate`.

    Raises:
        InvalidSiret: not 14 digits; a SIREN of 9 digits is never taken as a SIRET.
    """
    digits = text.translate(_SEPARATORS)
    if not _SIRET.fullmatch(digits):
        raise InvalidSiret(reason="siren" if _SIREN.fullmatch(digits) else "shape")
    return Siret(digits)


def parse_siren(text: str) -> Siren:
    """The SIREN typed as `text`.

    Raises:
        InvalidSiren: not 9 digits.
    """
    digits = text.translate(_SEPARATORS)
    if not _SIREN.fullmatch(digits):
        raise InvalidSiren()
    return Siren(digits)


def display_siret(siret: Siret) -> str:
    """As people read it, 3-3-3-5, held together by no-break spaces."""
    return "\u00a0".join((siret[:3], siret[3:6], siret[6:9], siret[9:]))


def luhn_sum(digits: str) -> int:
    """The Luhn sum (ISO/IEC 7812-1 annex B): valid numbers give a multiple of 10."""
    odd = sum(int(digit) for digit in digits[-1::-2])
    return odd + sum(divmod(2 * int(digit), 10)[0] + 2 * int(digit) % 10 for digit in digits[-2::-2])


def passes_luhn(digits: str) -> bool:
    """Whether the check digit is right."""
    return luhn_sum(digits) % 10 == 0


def arbitrate(siret: Siret, *, known_to_registry: bool) -> Standing:
    """By which rule this SIRET is believed. Real numbers fail Luhn (88974287600009), so the registry has the last word.

    Raises:
        InvalidSiret: neither Luhn, nor La Poste's rule, nor the registry accepts it.
    """
    if passes_luhn(siret):
        return Standing.LUHN
    # La Poste ran out of numbers: the sum of the digits of its other establishments is a multiple of 5.
    if siret.siren == LA_POSTE and sum(map(int, siret)) % 5 == 0:
        return Standing.LA_POSTE
    if known_to_registry:
        return Standing.REGISTRY
    raise InvalidSiret(reason="check_digit")


def is_usable_here(siret: Siret, test_sirens: tuple[str, ...]) -> bool:
    """Whether this deployment takes the SIRET: test companies only under the prefixes it names."""
    return not siret.startswith(TEST_RANGE) or any(siret.startswith(prefix) for prefix in test_sirens)
