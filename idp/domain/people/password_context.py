"""Words that a person's password must not hold, since whoever knows the person would try them first."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

SHORTEST_WORD = 4
"""Shorter words (LE, LEO) occur in innocent passwords; they are refused only when nothing else is there."""

SIRET_RUN = 6

_LEET = str.maketrans("013457@$", "oieastas")
_NOT_LETTERS = re.compile(r"[^a-z]+")
_ENDS = re.compile(r"^[^a-z]+|[^a-z]+$")


def folded(text: str) -> str:
    """Without case and accents."""
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in split if unicodedata.category(character) != "Mn")


def readings(text: str) -> tuple[str, ...]:
    """How a password can be read: its letters alone, and with the usual figures for letters undone.

    Once with the figures at both ends (`m0td3p4ss3`), once without them (`P4ssw0rd12`).
    """
    plain = folded(text)
    inner = _ENDS.sub("", plain)
    return tuple(_NOT_LETTERS.sub("", each) for each in (plain, plain.translate(_LEET), inner.translate(_LEET)))


@dataclass(frozen=True, slots=True)
class PasswordContext:
    """Whose password it is."""

    siret: str = ""
    names: tuple[str, ...] = ()
    organisation: str = ""
    email: str = ""

    def is_named_in(self, password: str) -> bool:
        """Whether the password holds a name, the organisation, the mailbox or a part of the SIRET."""
        digits = re.sub(r"[^0-9]+", "", password)
        runs = (self.siret[start : start + SIRET_RUN] for start in range(len(self.siret) - SIRET_RUN + 1))
        if any(run in digits for run in runs):
            return True
        letters = readings(password)
        return any(self._is_told(word, reading) for word in self._words() for reading in letters)

    @staticmethod
    def _is_told(word: str, reading: str) -> bool:
        return word in reading if len(word) >= SHORTEST_WORD else word == reading

    def _words(self) -> set[str]:
        mailbox = self.email.partition("@")[0]
        texts = (*self.names, self.organisation, mailbox, "netentreprises")
        return {word for text in texts for word in _NOT_LETTERS.split(folded(text)) if len(word) > 1}
