"""Whether the time of a refusal tells why: the kinds take turns, so that drift of the machine falls on all alike."""

from __future__ import annotations

import csv
import statistics
import time
from collections.abc import Mapping

from bench.operations import Visitor
from bench.servers import PASSWORD, WORK, Running, gateway

COST = 10
OLDER_COST = 8
ROUNDS = 40
SIRET = "99900037500017"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def refusals_section() -> str:
    """Medians and quartiles of each kind of refusal, with the password hash at a realistic cost."""
    for leftover in WORK.glob("refusals.sqlite3*"):
        leftover.unlink()
    with gateway(f"sqlite:///{WORK}/refusals.sqlite3", 0, "refusals", cost=COST, people=_people()) as started:
        times = _times(started)
    lines = [
        "## Refused sign-ins",
        "",
        f"The time from submitting the form to the refusal, bcrypt cost {COST} (of the older hash {OLDER_COST}), "
        f"{ROUNDS} of each kind taking turns.",
        "The kinds must not be told apart.",
        "",
        "| why | p25 ms | median ms | p75 ms |",
        "| --- | --- | --- | --- |",
    ]
    for kind, taken in times.items():
        low, median, high = (value * 1000 for value in statistics.quantiles(taken, n=4))
        lines.append(f"| {kind} | {low:.1f} | {median:.1f} | {high:.1f} |")
    return "\n".join(lines)


def _name(number: int) -> str:
    return f"bench{LETTERS[number // 26]}{LETTERS[number % 26]}"


def _people() -> Mapping[str, int]:
    """A file for each kind of account, and the cost at which its passwords are hashed."""
    return {
        _accounts("SANS", password=""): COST,
        _accounts("AVEC", password=PASSWORD): COST,
        _accounts("ANCIEN", password=PASSWORD): OLDER_COST,
    }


def _accounts(given_name: str, *, password: str) -> str:
    path = WORK / f"refusals-{given_name}.csv"
    with path.open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["siret", "family_name", "given_name", "email", "role", "password"])
        for number in range(ROUNDS):
            name = _name(number)
            writer.writerow([SIRET, name, given_name, f"{name}@example.fr", "declarant", password])
    return str(path)


def _attempts(number: int) -> Mapping[str, Mapping[str, str]]:
    """Each try uses a triplet of its own, so that no throttle speaks."""
    typed = {"siret": SIRET, "password": "Mauvais2026"}
    return {
        "wrong password": typed | {"family_name": _name(number), "given_name": "AVEC"},
        "wrong password, older and cheaper hash": typed | {"family_name": _name(number), "given_name": "ANCIEN"},
        "unknown triplet": typed | {"family_name": _name(number), "given_name": "INCONNUE"},
        "account without a password": typed | {"family_name": _name(number), "given_name": "SANS"},
        "malformed name": typed | {"family_name": _name(number) + "9", "given_name": "X"},
    }


def _times(started: Running) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {}
    visitor = Visitor(started.server)
    for number in range(ROUNDS):
        for kind, fields in _attempts(number).items():
            browser = visitor.new_browser()
            target, page = browser.open(visitor.sign_in_page())
            begun = time.monotonic()
            answer = browser.submit(target, page, fields)
            times.setdefault(kind, []).append(time.monotonic() - begun)
            assert not answer.location, kind
            browser.close()
    return times
