"""docs/reference/performance.md, written by the program and never by hand."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.load import Cost
from bench.operations import Operation
from bench.rows import ROWS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "performance.md"
ON_POSTGRESQL = "gateway on PostgreSQL"
ON_SQLITE = "gateway on SQLite"
OIDC_PROVIDER = "oidc-provider on PostgreSQL"
OIDC_PROVIDER_IN_MEMORY = "oidc-provider in memory"
CANAILLE = "canaille on SQLite"
MOST_START_UP = 1.5
MOST_MEMORY = 130.0


@dataclass(frozen=True, slots=True)
class Result:
    """One server's figures."""

    name: str
    start_up: float
    memory: float
    costs: Mapping[str, Cost]


def page(results: Sequence[Result], extras: Sequence[str]) -> str:
    """The whole page."""
    by_name = {result.name: result for result in results}
    parts = [_head(), _ratios(by_name), _processes(results), *[_details(result) for result in results], *extras]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def misses(results: Sequence[Result]) -> list[str]:
    """What is above what is allowed: operations by their CPU, the gateway's start-up and memory."""
    by_name = {result.name: result for result in results}
    return _above(by_name) + [
        f"{operation.name}: {ratio:.2f} x {peer}, at most {most}"
        for operation in ROWS
        for _, peer, ratio, most in _compared(by_name, operation)
        if most is not None and ratio is not None and ratio > most
    ]


def _above(by_name: Mapping[str, Result]) -> list[str]:
    gateways = [by_name[name] for name in (ON_POSTGRESQL, ON_SQLITE)]
    bounds = [(one, "first answer, s", one.start_up, MOST_START_UP) for one in gateways]
    bounds += [(one, "resident, MB", one.memory, MOST_MEMORY) for one in gateways]
    return [f"{one.name}: {what}: {value:.2f}, at most {most}" for one, what, value, most in bounds if value > most]


def _head() -> str:
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    return (
        "# Performance\n\n"
        "Written by `make bench`; do not edit. All servers ran in one run on one machine, one process each, with\n"
        "their databases on one core, driven from the other. At each operation they took turns, one driven at a time:\n"
        "a machine is not equally fast all the while. CPU is of server and database together, per operation,\n"
        "the median of the turns; a ratio is the median of what each pair of turns says, one soon after the other.\n"
        "The sign-in has five times as many turns as the rest: those of canaille differ most.\n\n"
        "A sign-in is the same journey on all: the authorization request, the page it leads to, the form sent, and\n"
        "the redirects up to the code at the redirect URI, each time in a new browser; no consent is asked, no code\n"
        "is exchanged. The gateway counts its throttles, knows devices and writes its trail meanwhile; oidc-provider\n"
        "looks the person up by name and checks no password, its page is one form; canaille asks for the name and the\n"
        "password on two pages and hashes almost for free (explanation/decisions/0007-what-the-bench-compares.md).\n"
        "The sign-in page is that page alone, opened again.\n\n"
        f"Machine: {model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, Python "
        f"{platform.python_version()}. Compare ratios, not milliseconds."
    )


def _compared(by_name: Mapping[str, Result], operation: Operation) -> list[tuple[str, str, float | None, float | None]]:
    """(gateway, peer, ratio, most) for each pair; no ratio where the peer has no such row, no most where none binds."""
    pairs = [
        (ON_POSTGRESQL, OIDC_PROVIDER, operation.most_of_oidc_provider),
        (ON_SQLITE, CANAILLE, operation.most_of_canaille),
    ]
    return [
        (ours, peer, _ratio(by_name[ours].costs[operation.name], by_name[peer].costs.get(operation.name)), most)
        for ours, peer, most in pairs
        if ours in by_name and peer in by_name
    ]


def _ratio(ours: Cost, peer: Cost | None) -> float | None:
    return ours.times(peer) if peer else None


def _ratios(by_name: Mapping[str, Result]) -> str:
    lines = [
        "## CPU per operation, as a multiple of a peer's",
        "",
        "| operation | x oidc-provider on PostgreSQL | at most | x canaille on SQLite | at most |",
        "| --- | --- | --- | --- | --- |",
    ]
    for operation in ROWS:
        cells = [_cells(ratio, most) for _, _, ratio, most in _compared(by_name, operation)]
        lines.append(f"| {operation.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cells(ratio: float | None, most: float | None) -> str:
    return f"{'-' if ratio is None else f'{ratio:.2f}'} | {'' if most is None else most}"


def _processes(results: Sequence[Result]) -> str:
    bounds = f"The gateway may take {MOST_START_UP} s to its first answer, and {MOST_MEMORY:.0f} MB a worker."
    lines = [
        "## Start-up and memory",
        "",
        bounds,
        "",
        "| server | first answer, s | resident, MB |",
        "| --- | --- | --- |",
    ]
    lines += [f"| {result.name} | {result.start_up:.2f} | {result.memory:.0f} |" for result in results]
    return "\n".join(lines)


def _details(result: Result) -> str:
    lines = [
        f"## {result.name}",
        "",
        "| operation | CPU ms | operations/s | p50 ms | p95 ms | p99 ms |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {name} | {cost.cpu:.3f} | {cost.throughput:.0f} | {cost.p50:.2f} | {cost.p95:.2f} | {cost.p99:.2f} |"
        for name, cost in result.costs.items()
    ]
    return "\n".join(lines)
