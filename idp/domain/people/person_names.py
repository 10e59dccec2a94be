"""Names and forenames: the registered spelling, and the canonical key that a typed name is matched by."""

from __future__ import annotations

import re
import unicodedata

from idp.domain.platform.errors import DomainError

FAMILY_NAME_LENGTH = 64
GIVEN_NAME_LENGTH = 39
"""The wire limits of the machine sign-in: an account that passed them could not use it."""

_TYPED_LENGTH = 256
_APOSTROPHES = "\u2018\u2019\u201b\u02bc\u02b9\u2032\u00b4\u0060\uff07"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_PUNCTUATION = str.maketrans(dict.fromkeys(_APOSTROPHES, "'") | dict.fromkeys(_DASHES, "-"))
_LETTERS = str.maketrans(
    {
        "\u0153": "oe",
        "\u00e6": "ae",
        "\u00f8": "o",
        "\u0142": "l",
        "\u0111": "d",
        "\u00f0": "d",
        "\u00fe": "th",
        "\u0131": "i",
        "\u0127": "h",
    }
)
"""Letters that NFKD does not split."""
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Co", "Cn"})
_JOINTS = re.compile(r"[ '\-.,_]+")
_KEY = re.compile(r"[a-z]+(?: [a-z]+)*")


class InvalidName(DomainError):
    """A name that has no key; `character` is the first one refused, or empty with `reason` empty or too_long."""

    code = "invalid_name"


def canonical_key(text: str) -> str:
    """The key of a name: upper-case A-Z words, one space between. Same key, same name; the order of words is kept.

    Raises:
        InvalidName: empty, too long, or holding a character that is no letter and joins no letters.
    """
    if len(text) > _TYPED_LENGTH:
        raise InvalidName(reason="too_long", character="")
    folded = _without_marks(_visible(text).casefold())
    key = _JOINTS.sub(" ", folded).strip(" ")
    if not _KEY.fullmatch(key):
        raise InvalidName(**_why(key))
    return key.upper()


def registered_spelling(text: str, limit: int) -> str:
    """The name as its owner wrote it: NFC, trimmed. What is shown, and what strict matching compares.

    Raises:
        InvalidName: it has no key, or is longer than `limit` code points.
    """
    spelling = unicodedata.normalize("NFC", text).strip()
    canonical_key(spelling)
    if len(spelling) > limit:
        raise InvalidName(reason="too_long", character="")
    return spelling


def _visible(text: str) -> str:
    # Punctuation first: U+00B4 would decompose under NFKC into a space and an accent.
    composed = unicodedata.normalize("NFKC", text.translate(_PUNCTUATION))
    kept = [character for character in composed if unicodedata.category(character) != "Cf"]
    for character in kept:
        if unicodedata.category(character) in _REFUSED_CATEGORIES:
            raise InvalidName(reason="character", character=_printable(character))
    return "".join(kept)


def _without_marks(folded: str) -> str:
    split = unicodedata.normalize("NFKD", folded.translate(_LETTERS))
    letters = "".join(character for character in split if unicodedata.category(character) != "Mn")
    # Once more: U+01FE splits into an o-slash and an accent.
    return letters.translate(_LETTERS)


def _why(key: str) -> dict[str, str | int]:
    if not key:
        return {"reason": "empty", "character": ""}
    return {"reason": "character", "character": next(c for c in key if not ("a" <= c <= "z" or c == " "))}


def _printable(character: str) -> str:
    return f"U+{ord(character):04X}"
