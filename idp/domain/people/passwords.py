"""What new passwords must be: two named policies, each a list of criteria that a page can tick as one types.

Length is counted in code points of the NFC form, which is what is hashed; nothing else is ever done to a password.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from idp.domain.people.common_passwords import is_common
from idp.domain.people.password_context import PasswordContext


class PolicyName(StrEnum):
    """Chosen per deployment by IDP_PASSWORD_POLICY."""

    NET_ENTREPRISES = "net-entreprises"
    MODERNE = "moderne"


class CharacterClass(StrEnum):
    """What a criterion counts. `special` is everything but unaccented letters and digits, accented letters included."""

    ANY = "any"
    LETTER = "letter"
    LOWER = "lower"
    UPPER = "upper"
    DIGIT = "digit"
    SPECIAL = "special"


class Criterion(StrEnum):
    """The closed list of criteria; a page words each."""

    LONG_ENOUGH = "long_enough"
    NOT_TOO_LONG = "not_too_long"
    LETTERS = "letters"
    DIGITS = "digits"
    BOTH_CASES = "both_cases"
    PRINTABLE = "printable"
    NOT_COMMON = "not_common"
    NOT_ABOUT_YOU = "not_about_you"
    SPECIAL = "special"


class Gauge(StrEnum):
    """The coloured bar; each has a word beside it."""

    RED = "red"
    ORANGE = "orange"
    GREEN = "green"


@dataclass(frozen=True, slots=True)
class Count:
    """How many characters of a class there must be at least, and at most."""

    of: CharacterClass
    at_least: int = 0
    at_most: int | None = None

    def is_met(self, text: str) -> bool:
        """Whether `text` holds that many."""
        found = sum(map(_MEMBERS[self.of], text))
        return found >= self.at_least and (self.at_most is None or found <= self.at_most)


@dataclass(frozen=True, slots=True)
class Rule:
    """One criterion of a policy. Those with `counts` a page can evaluate without asking the server."""

    criterion: Criterion
    counts: tuple[Count, ...] = ()
    required: bool = True

    def as_data(self) -> Mapping[str, object]:
        """For the page's script: the name, whether it is required, and what to count."""
        counts = [{"of": str(item.of), "at_least": item.at_least, "at_most": item.at_most} for item in self.counts]
        return {"criterion": str(self.criterion), "required": self.required, "counts": counts}


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """A named list of rules, in the order they are shown."""

    name: PolicyName
    rules: tuple[Rule, ...]

    def count(self, criterion: Criterion) -> Count:
        """The first number of that criterion, for the sentence that words it."""
        return next(rule.counts[0] for rule in self.rules if rule.criterion is criterion)


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """One tick: met or not."""

    criterion: Criterion
    required: bool
    met: bool


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a policy says of one password."""

    results: tuple[CriterionResult, ...]
    bits: int
    """Estimated, by length and alphabet; repeats and runs count for nothing."""

    @property
    def accepted(self) -> bool:
        """Every required criterion is met."""
        return not self.unmet

    @property
    def unmet(self) -> tuple[Criterion, ...]:
        """Required criteria that are not met, in the policy's order."""
        return tuple(result.criterion for result in self.results if result.required and not result.met)

    @property
    def gauge(self) -> Gauge:
        """Red is refused; green is 65 bits or more, well above the 50 asked where tries are throttled."""
        if not self.accepted:
            return Gauge.RED
        return Gauge.GREEN if self.bits >= 65 else Gauge.ORANGE


_ALWAYS = (Rule(Criterion.PRINTABLE), Rule(Criterion.NOT_COMMON), Rule(Criterion.NOT_ABOUT_YOU))

NET_ENTREPRISES = PasswordPolicy(
    PolicyName.NET_ENTREPRISES,
    (
        Rule(Criterion.LONG_ENOUGH, (Count(CharacterClass.ANY, at_least=8),)),
        Rule(Criterion.NOT_TOO_LONG, (Count(CharacterClass.ANY, at_most=20),)),
        Rule(Criterion.LETTERS, (Count(CharacterClass.LETTER, at_least=6),)),
        Rule(Criterion.DIGITS, (Count(CharacterClass.DIGIT, at_least=2),)),
        Rule(Criterion.BOTH_CASES, (Count(CharacterClass.LOWER, at_least=1), Count(CharacterClass.UPPER, at_least=1))),
        *_ALWAYS,
        Rule(Criterion.SPECIAL, (Count(CharacterClass.SPECIAL, at_least=1),), required=False),
    ),
)
MODERNE = PasswordPolicy(
    PolicyName.MODERNE,
    (
        Rule(Criterion.LONG_ENOUGH, (Count(CharacterClass.ANY, at_least=15),)),
        Rule(Criterion.NOT_TOO_LONG, (Count(CharacterClass.ANY, at_most=128),)),
        *_ALWAYS,
    ),
)
POLICIES = {policy.name: policy for policy in (NET_ENTREPRISES, MODERNE)}


def assess(password: str, policy: PasswordPolicy, context: PasswordContext) -> Assessment:
    """Every criterion of the policy, met or not, and the strength."""
    text = unicodedata.normalize("NFC", password)
    results = tuple(
        CriterionResult(rule.criterion, rule.required, _is_met(rule, text, context)) for rule in policy.rules
    )
    return Assessment(results, _bits(text))


def _is_met(rule: Rule, text: str, context: PasswordContext) -> bool:
    special_check = _CHECKS.get(rule.criterion)
    return special_check(text, context) if special_check else all(count.is_met(text) for count in rule.counts)


def _is_printable(text: str, _context: PasswordContext) -> bool:
    # A control character cannot be typed on a sign-in page: its owner would be locked out.
    return not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text)


_CHECKS: Mapping[Criterion, Callable[[str, PasswordContext], bool]] = {
    Criterion.PRINTABLE: _is_printable,
    Criterion.NOT_COMMON: lambda text, _context: not is_common(text),
    Criterion.NOT_ABOUT_YOU: lambda text, context: not context.is_named_in(text),
}


def _is_digit(character: str) -> bool:
    return character.isascii() and character.isdigit()


_MEMBERS: Mapping[CharacterClass, Callable[[str], bool]] = {
    CharacterClass.ANY: lambda character: True,
    CharacterClass.LETTER: str.isalpha,
    CharacterClass.LOWER: str.islower,
    CharacterClass.UPPER: str.isupper,
    CharacterClass.DIGIT: _is_digit,
    CharacterClass.SPECIAL: lambda character: not (character.isascii() and character.isalnum()),
}
_ALPHABETS = (
    (CharacterClass.LOWER, 26),
    (CharacterClass.UPPER, 26),
    (CharacterClass.DIGIT, 10),
    (CharacterClass.SPECIAL, 37),
)


def _bits(text: str) -> int:
    alphabet = sum(size for kind, size in _ALPHABETS if any(map(_MEMBERS[kind], text)))
    surprising = sum(
        1 for index, character in enumerate(text) if index == 0 or ord(character) - ord(text[index - 1]) not in (0, 1)
    )
    return int(surprising * math.log2(alphabet)) if alphabet else 0
