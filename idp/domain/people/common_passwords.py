"""Passwords that everyone tries: common words with figures or signs around them, keyboard runs, repeats.

A list of the most used passwords as they are would hardly meet these policies (few hold upper and lower case and two
figures); what people do to such words to please a policy is what is recognised here.
"""

from __future__ import annotations

import re

from idp.domain.people.common_words import COMMON_WORDS
from idp.domain.people.password_context import folded, readings

_RUNS = (
    "abcdefghijklmnopqrstuvwxyz",
    "azertyuiopqsdfghjklmwxcvbn",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "0123456789" * 13,  # as long as any password: it goes round
)
_SHORTEST_RUN = 4


def is_common(password: str) -> bool:
    """Whether the password is a common word, two of them, a run or a repeat, whatever is put around it."""
    digits = re.sub(r"[^0-9]+", "", password)
    letters = [reading for reading in readings(password) if reading]
    if not letters:
        return is_run_or_repeat(digits)
    return any(_is_common_word(reading) for reading in letters) or _is_all_runs(password)


def is_run_or_repeat(text: str) -> bool:
    """A stretch of the keyboard or the alphabet in either direction, or one short piece again and again."""
    if len(text) < _SHORTEST_RUN:
        return False
    return any(text in run or text[::-1] in run for run in _RUNS) or _unit(text) != text


def _is_common_word(reading: str) -> bool:
    unit = _unit(reading)
    if unit in COMMON_WORDS or is_run_or_repeat(reading):
        return True
    return any(unit[:cut] in COMMON_WORDS and unit[cut:] in COMMON_WORDS for cut in range(3, len(unit) - 2))


def _is_all_runs(password: str) -> bool:
    """`azerty12345`: every stretch of letters and of figures is a run."""
    stretches = re.findall(r"[a-z]+|[0-9]+", folded(password))
    return all(is_run_or_repeat(stretch) for stretch in stretches)


def _unit(text: str) -> str:
    """The piece that `text` repeats, or `text`."""
    again = (text + text).find(text, 1)
    return text[:again] if text else text
