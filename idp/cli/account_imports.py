"""`idp accounts import FILE`: a stream in batches, with a bar, a rehearsal, a report of lines, and a resume."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import click

from idp.cli.account_files import AccountFile, WrongFile
from idp.cli.account_sentences import sentence
from idp.cli.operator import operating
from idp.domain.platform.actors import Actor
from idp.store.people.account_imports import ImportProgress
from idp.usecases.deps import Deps
from idp.usecases.people.imports import (
    BatchDone,
    Overtaken,
    Record,
    RefusedLine,
    import_batch,
    import_progress,
    try_batch,
)

BATCH = 100
"""Records of one transaction: short enough that sign-ins do not wait for it."""

Work = Callable[[ImportProgress, Sequence[Record]], BatchDone | Overtaken]


@click.command("import")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would happen and write nothing but the report.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Refused lines; FILE.refused.csv.")
def import_command(path: Path, dry_run: bool, report: Path | None) -> None:
    """Make the accounts of a CSV file.

    \b
    The first line names the columns, in any order; comma or semicolon; UTF-8.
      needed:   siret, family_name, given_name, email, role
      optional: organisation, phone, locale, state, email_verified, password, person

    Accounts with the same text under `person` belong to one person. Started again, the same file goes on where it
    was stopped. A corrected file can be imported whole: accounts that are there already, exactly so, are kept.
    """
    with operating() as (deps, operator):
        run_import(deps, operator, path, dry_run=dry_run, report=report or path.with_name(f"{path.name}.refused.csv"))


def run_import(deps: Deps, operator: Actor, path: Path, *, dry_run: bool, report: Path) -> None:
    """Import, telling how it goes.

    Raises:
        ClickException: the file is of another shape, is being imported elsewhere, or has lines that were refused.
    """
    try:
        file = AccountFile.open(path)
    except WrongFile as error:
        raise click.ClickException("; ".join(map(sentence, error.problems)) + ".") from None
    before = ImportProgress() if dry_run else import_progress(deps, file.digest)
    if before.records_done:
        click.echo(f"Going on after the first {before.records_done} records.")
    elif report.exists():
        report.unlink()
    done = _each_batch(file, before, _work(deps, operator, file.digest, dry_run=dry_run), report)
    would = "would be " if dry_run else ""
    click.echo(f"{done.created} accounts {would}made, {done.kept} already there, {done.refused} refused.")
    if done.refused:
        raise click.ClickException(f"{done.refused} lines were refused: see {report}.")


def _work(deps: Deps, operator: Actor, digest: str, *, dry_run: bool) -> Work:
    if not dry_run:
        return lambda before, records: import_batch(deps, operator, digest, before, records)
    seen: dict[int, int] = {}
    return lambda before, records: try_batch(deps, digest, before, records, seen)


def _each_batch(file: AccountFile, before: ImportProgress, work: Work, report: Path) -> ImportProgress:
    progress = before
    with click.progressbar(length=file.size, label="Accounts") as bar:
        for records in _batches(file.records(skip=before.records_done)):
            outcome = work(progress, records)
            if isinstance(outcome, Overtaken):
                raise click.ClickException("Another import of this file is running.")
            progress = outcome.progress
            _report(report, outcome.refused)
            bar.update(file.bytes_read - bar.pos)
        bar.update(file.size - bar.pos)
    return progress


def _batches(records: Iterator[Record]) -> Iterator[tuple[Record, ...]]:
    while batch := tuple(islice(records, BATCH)):
        yield batch


def _report(path: Path, refused: Sequence[RefusedLine]) -> None:
    """Add the refused lines: their number, the column, what is wrong; never what they hold."""
    if not refused:
        return
    is_new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        if is_new:
            writer.writerow(("line", "column", "problem"))
        for line in refused:
            writer.writerows((line.line, problem.name, sentence(problem)) for problem in line.problems)
