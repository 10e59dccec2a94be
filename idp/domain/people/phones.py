"""Telephone numbers, as far as their shape goes."""

from __future__ import annotations

import re

from idp.domain.platform.errors import DomainError

_SEPARATORS = dict.fromkeys(map(ord, " .-()\t\u00a0\u202f\u2009"))
_NUMBER = re.compile(r"\+?[0-9]{6,15}")


class InvalidPhone(DomainError):
    """Not the shape of a telephone number (ITU-T E.164: at most 15 digits)."""

    code = "invalid_phone"


def parse_phone(text: str) -> str:
    """The number typed as `text` without separators, in E.164 when it is French or has its prefix; "" for none.

    Raises:
        InvalidPhone: it is no number.
    """
    number = text.translate(_SEPARATORS)
    if not number:
        return ""
    if not _NUMBER.fullmatch(number):
        raise InvalidPhone()
    if number.startswith("00"):
        return "+" + number[2:]
    return "+33" + number[1:] if len(number) == 10 and number.startswith("0") else number
