"""`idp accounts`: one account, many accounts, and what becomes of them."""

from __future__ import annotations

import csv
import os
import pty
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from idp.adapters.hasher import Place, build_hasher
from idp.adapters.password_hashes import Pepper
from idp.cli.account_files import AccountFile
from idp.cli.account_imports import BATCH, run_import
from idp.cli.main import main
from idp.domain.people.accounts import AccountState
from idp.domain.people.triplets import triplet_key
from idp.domain.platform.actors import Actor, ActorRole
from idp.store.database import Database
from idp.store.people.accounts import AccountRow, accounts, find_by_triplet, people
from tests.processes import ROOT, idp, let_others_run, settings_of, started
from tests.quiet import quiet_deps

CLAIRE = (
    "create", "--siret", "999 000 375 00017", "--family-name", "Moutin", "--given-name", "Claire",
    "--email", "claire@example.fr", "--role", "administrator",
)  # fmt: skip
OPERATOR = Actor(ActorRole.OPERATOR, "root")
HEADER = "siret;family_name;given_name;email;role;person"


class Console:
    """The program's command line over one deployment."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.environment = settings_of(database_url, folder, IDP_BCRYPT_COST="4", IDP_TEST_SIRENS="999000")

    def __call__(self, *arguments: str | Path, typed: str = "") -> Result:
        return CliRunner().invoke(main, ["accounts", *map(str, arguments)], input=typed, env=self.environment)


@pytest.fixture
def idp_accounts(database_url: str, tmp_path: Path) -> Console:
    return Console(database_url, tmp_path)


def find(database: Database, siret: str, family_name: str, given_name: str) -> AccountRow:
    with database.read() as connection:
        found = find_by_triplet(connection, triplet_key(siret, family_name, given_name))
    assert found is not None
    return found


def claire(database: Database) -> AccountRow:
    return find(database, "99900037500017", "MOUTIN", "CLAIRE")


def count(database: Database) -> int:
    with database.read() as connection:
        return len(connection.execute(select(accounts.c.id)).all())


def file_of(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "accounts.csv"
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path


def test_create_says_the_subject_and_the_password_opens(
    idp_accounts: Console, database: Database, tmp_path: Path
) -> None:
    made = idp_accounts(*CLAIRE, "--password-stdin", typed="Mire2026demo\n")
    assert made.exit_code == 0, made.output
    found = claire(database)
    assert made.output == f"{found.account.subject}\n"
    place = build_hasher([Pepper("a", bytes(32))], 4, tmp_path).enter(True)
    assert isinstance(place, Place)
    with place:
        assert place.verify("Mire2026demo", found.password_hash).accepted


def test_create_without_a_password_makes_an_account_that_has_none(idp_accounts: Console, database: Database) -> None:
    assert idp_accounts(*CLAIRE, "--state", "candidate").exit_code == 0
    assert (claire(database).password_hash, claire(database).account.state) == (None, AccountState.CANDIDATE)


def test_create_tells_every_wrong_field_in_one_sentence(idp_accounts: Console, database: Database) -> None:
    wrong = ("create", "--siret", "518315411", "--family-name", "Moutin2", "--given-name", "Claire")
    told = idp_accounts(*wrong, "--email", "claire", "--role", "declarant", "--password-stdin", typed="Bonjour2026")
    assert told.exit_code == 1
    assert told.output == (
        "Error: siret is a SIREN of 9 digits; the SIRET of the establishment has 14; family_name cannot hold '2'; "
        "email must be an e-mail address; password is one of those that everyone tries.\n"
    )
    assert count(database) == 0


@pytest.mark.parametrize("typed", ["", "\n", "x" * 5000])
def test_standard_input_must_hold_a_password(idp_accounts: Console, typed: str) -> None:
    told = idp_accounts(*CLAIRE, "--password-stdin", typed=typed)
    assert (told.exit_code, told.output) == (1, "Error: Standard input must hold one password.\n")


def test_a_second_claire_is_refused(idp_accounts: Console) -> None:
    idp_accounts(*CLAIRE)
    told = idp_accounts(*CLAIRE)
    assert told.exit_code == 1
    assert "belongs to another account" in told.output


@pytest.mark.parametrize(
    ("issuer", "test_sirens", "accepted"),
    [
        ("http://localhost:8000", "", True),
        ("http://localhost:8000", "999000276", False),
        ("https://connexion.example.fr", "", False),
        ("https://connexion.example.fr", "999000375", True),
    ],
)
def test_a_test_company_is_at_home_on_this_machine_and_elsewhere_when_named(
    idp_accounts: Console, issuer: str, test_sirens: str, accepted: bool
) -> None:
    idp_accounts.environment |= {"IDP_ISSUER": issuer, "IDP_TEST_SIRENS": test_sirens}
    told = idp_accounts(*CLAIRE)
    assert accepted == (told.exit_code == 0)
    assert accepted or told.output == "Error: siret is of a test company, and IDP_TEST_SIRENS does not name it.\n"


def test_the_policy_of_the_deployment_is_asked(idp_accounts: Console) -> None:
    idp_accounts.environment["IDP_PASSWORD_POLICY"] = "moderne"
    told = idp_accounts(*CLAIRE, "--password-stdin", typed="Mire2026demo")
    assert (told.exit_code, told.output) == (1, "Error: password is too short.\n")
    assert idp_accounts(*CLAIRE, "--password-stdin", typed="cheval correct pile agrafe").exit_code == 0


def test_a_new_pepper_and_cost_write_and_the_operator_sees_what_is_left_of_the_old(
    idp_accounts: Console, database: Database
) -> None:
    idp_accounts(*CLAIRE, "--password-stdin", typed="Mire2026demo")
    anne = [each.replace("Claire", "Anne") for each in CLAIRE]
    idp_accounts.environment |= {"IDP_PEPPER": f"b:{'B' * 43} a:{'A' * 43}", "IDP_BCRYPT_COST": "5"}
    idp_accounts(*anne, "--password-stdin", typed="Mire2026demo")
    assert find(database, "99900037500017", "Moutin", "Anne").password_hash.startswith("b$$2b$05$")  # type: ignore[union-attr]
    assert claire(database).password_hash.startswith("a$$2b$04$")  # type: ignore[union-attr]
    assert idp_accounts("hashes").output == "1  pepper a, cost 4\n1  pepper b, cost 5\n"
    idp_accounts.environment["IDP_PEPPER"] = f"b:{'B' * 43}"
    assert idp_accounts("hashes").output == "1  a pepper that is gone, cost 4\n1  pepper b, cost 5\n"


def test_a_life_of_commands(idp_accounts: Console, database: Database) -> None:
    subject = idp_accounts(*CLAIRE, "--password-stdin", typed="Mire2026demo").output.strip()
    before = claire(database).password_hash
    assert idp_accounts("password", subject, "--password-stdin", typed="Nouveau42mot").exit_code == 0
    assert claire(database).password_hash != before
    assert idp_accounts("password", subject, "--password-stdin", typed="court").exit_code == 1
    assert idp_accounts("identity", subject, "--family-name", "Durand").exit_code == 0
    assert find(database, "99900037500017", "Durand", "Claire").account.subject == subject
    assert idp_accounts("identity", subject, "--family-name", "Dur4nd").exit_code == 1
    assert idp_accounts("close-establishment", "99900037500017", "--successor", "99900027600017").exit_code == 0
    assert idp_accounts("close-establishment", "99900037500017").exit_code == 1
    assert idp_accounts("state", subject, "radiated").output == "The account was active and is radiated.\n"
    assert idp_accounts("state", subject, "active").exit_code == 1
    assert idp_accounts("state", "nobody", "active").exit_code == 1
    assert idp_accounts("password", "nobody", "--password-stdin", typed="Nouveau42mot").exit_code == 1


@pytest.mark.parametrize("subject", ["-HQmO8eW-9xmT3o5k0ZQyw", "--mO8eW-9xmT3o5k0ZQyww"])
def test_a_subject_that_begins_with_a_dash_is_a_subject(idp_accounts: Console, subject: str) -> None:
    assert idp_accounts("state", subject, "active").exit_code == 1
    assert idp_accounts("show", subject).exit_code == 1
    assert idp_accounts("password", subject, "--password-stdin", typed="Nouveau42mot").exit_code == 1


def test_show_tells_what_an_account_is_and_was(idp_accounts: Console) -> None:
    subject = idp_accounts(*CLAIRE, "--organisation", "GIP", "--phone", "01 40 00 00 01").output.strip()
    idp_accounts("identity", subject, "--family-name", "Durand")
    idp_accounts("close-establishment", "99900037500017", "--successor", "99900027600017")
    shown = idp_accounts("show", "--siret", "99900037500017", "--family-name", "DURAND", "--given-name", "claire")
    lines = [line.replace("\u00a0", " ") for line in shown.output.splitlines()]
    assert lines[0] == f"subject       {subject}"
    assert lines[1].startswith("siret         999 000 375 00017 (GIP), closed since 20")
    assert lines[1].endswith(", followed by 999 000 276 00017")
    assert lines[2:8] == [
        "name          Durand Claire",
        "email         claire@example.fr (not verified)",
        "phone         +33140000001 (not verified)",
        "role          administrator",
        "state         active",
        "password      none",
    ]
    assert lines[9].startswith("formerly      999 000 375 00017 Moutin Claire, until 20")
    assert idp_accounts("show", subject).output == shown.output
    assert idp_accounts("show", "nobody").exit_code == 1
    assert idp_accounts("show", "--siret", "12").exit_code == 1


def test_a_file_makes_its_accounts(idp_accounts: Console, database: Database, tmp_path: Path) -> None:
    path = file_of(
        tmp_path,
        "999 000 375 00017;Moutin;Claire;claire@example.fr;administrator;",
        "99900037500017;Lefèvre;Inès;ines@example.fr;declarant;ines",
        '97050551700072;"Lefèvre";Inès;ines@example.fr;DECLARANT;ines',
        "",
    )
    told = idp_accounts("import", path)
    assert told.exit_code == 0, told.output
    assert told.output.endswith("3 accounts made, 0 already there, 0 refused.\n")
    with database.read() as connection:
        assert len(connection.execute(select(people.c.id)).all()) == 2
    first, second = (find(database, siret, "lefevre", "ines") for siret in ("99900037500017", "97050551700072"))
    assert first.account.person_id == second.account.person_id


def test_each_wrong_line_is_reported_by_its_number_and_the_others_are_made(
    idp_accounts: Console, database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "accounts.csv"
    path.write_bytes(
        b"\xef\xbb\xbfsiret,family_name,given_name,email,role,password\r\n"
        b"99900037500017,Moutin,Claire,claire@example.fr,administrator,Mire2026demo\r\n"
        b"99900037500018,Durand,Anne,anne@example.fr,declarant,\r\n"
        b"99900037500017,Dur\xe9,Anne,anne@example.fr,declarant,\r\n"
        b"99900037500017,Durand,Anne\r\n"
        b"99900037500017,\"Durand,Anne,anne@example.fr,declarant,\r\n"
        b"99900037500017,Durand,Anne,anne@example.fr,chef,\r\n"
        b"99900037500017,Durand,Anne,anne@example.fr,declarant,Durand2026\r\n"
        b"99900037500017,MOUTIN,CLAIRE,other@example.fr,declarant,\r\n"
        b"99900037500017,Durand,An\x00ne,anne@example.fr,declarant,\r\n"
        b"97050551700072,Sawyer,Tom,tom@example.fr,declarant,\r\n"
    )  # fmt: skip
    told = idp_accounts("import", path)
    assert told.exit_code == 1
    assert "2 accounts made, 0 already there, 8 refused." in told.output
    with (tmp_path / "accounts.csv.refused.csv").open(encoding="utf-8", newline="") as stream:
        report = list(csv.reader(stream))
    assert report == [
        ["line", "column", "problem"],
        ["3", "siret", "siret has a wrong check digit, and the registry does not know it"],
        ["4", "family_name", "family_name is not UTF-8, or holds a control character"],
        ["5", "line", "line has 3 cells, and the first line 6"],
        ["6", "line", "line is not CSV"],
        ["7", "role", "role must be one of: administrator, declarant"],
        ["8", "password", "password holds a name, the organisation, the mailbox or a part of the SIRET"],
        ["9", "triplet", "triplet of SIRET, family name and given name belongs to another account"],
        ["10", "given_name", "given_name is not UTF-8, or holds a control character"],
    ]
    assert count(database) == 2


def test_a_rehearsal_says_the_same_and_writes_nothing(
    idp_accounts: Console, database: Database, tmp_path: Path
) -> None:
    path = file_of(
        tmp_path,
        "99900037500017;Moutin;Claire;claire@example.fr;administrator;",
        "99900037500017;Moutin;Claire;claire@example.fr;administrator;",
        "99900037500017;MOUTIN;Claire;claire@example.fr;administrator;",
        "1;Durand;Anne;anne@example.fr;declarant;",
    )
    rehearsed = idp_accounts("import", "--dry-run", path)
    assert "1 accounts would be made, 1 already there, 2 refused." in rehearsed.output
    assert count(database) == 0
    report = (tmp_path / "accounts.csv.refused.csv").read_text()
    done = idp_accounts("import", path)
    assert "1 accounts made, 1 already there, 2 refused." in done.output
    assert (tmp_path / "accounts.csv.refused.csv").read_text() == report


def test_a_file_that_was_imported_is_not_imported_again(
    idp_accounts: Console, database: Database, tmp_path: Path
) -> None:
    path = file_of(tmp_path, "99900037500017;Moutin;Claire;claire@example.fr;administrator;")
    idp_accounts("import", path)
    again = idp_accounts("import", path)
    assert again.output.startswith("Going on after the first 1 records.")
    assert again.output.endswith("1 accounts made, 0 already there, 0 refused.\n")
    assert count(database) == 1


def test_a_corrected_file_keeps_what_is_there(idp_accounts: Console, database: Database, tmp_path: Path) -> None:
    idp_accounts("import", file_of(tmp_path, "99900037500017;Moutin;Claire;claire@example.fr;administrator;"))
    corrected = file_of(
        tmp_path,
        "99900037500017;Moutin;Claire;claire@example.fr;administrator;",
        "99900037500017;Durand;Anne;anne@example.fr;declarant;",
    )
    assert "1 accounts made, 1 already there, 0 refused." in idp_accounts("import", corrected).output


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("siret;family_name;given_name;email", "role is missing from the first line."),
        (f"{HEADER};sub", "sub is not a column of a file of accounts."),
        (f"{HEADER};email", "email is in the first line twice."),
        ("", "siret is missing from the first line; family_name is missing"),
    ],
)
def test_a_wrong_first_line_stops_the_import(idp_accounts: Console, tmp_path: Path, header: str, sentence: str) -> None:
    told = idp_accounts("import", file_of(tmp_path, header=header))
    assert told.exit_code == 1
    assert f"Error: {sentence}" in told.output


def numbered(folder: Path, number: int) -> Path:
    """A file of that many accounts; names hold no figures, so they count in letters."""

    def letters(value: int) -> str:
        return "".join(chr(ord("a") + int(digit)) for digit in str(value))

    return file_of(folder, *(f"99900037500017;Nom;{letters(n)};{n}@example.fr;declarant;" for n in range(number)))


def test_a_bar_shows_how_far_an_import_is(tmp_path: Path) -> None:
    """Seen on a terminal only: a log gets the last line."""
    environment = settings_of(f"sqlite:///{tmp_path / 'mire.sqlite3'}", tmp_path, IDP_TEST_SIRENS="999000")
    assert idp(environment, "db", "upgrade").returncode == 0
    command = [sys.executable, "-m", "idp", "accounts", "import", "--dry-run", str(numbered(tmp_path, 3 * BATCH))]
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT) as process:
        os.close(theirs)
        shown = b"".join(read_all(ours)).decode()
    os.close(ours)
    assert process.returncode == 0
    for part in ("Accounts  [", "100%", "300 accounts would be made"):
        assert part in shown


def read_all(terminal: int) -> Iterator[bytes]:
    """Until the other side is closed, which a terminal tells by an error."""
    with suppress(OSError):
        while piece := os.read(terminal, 4096):
            yield piece


def test_a_file_a_hundred_times_longer_takes_no_more_memory(tmp_path: Path) -> None:
    peaks = []
    for number in (2 * BATCH, 200 * BATCH):
        file = AccountFile.open(numbered(tmp_path, number))
        tracemalloc.start()
        assert sum(1 for _ in file.records(skip=0)) == number
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 2 * peaks[0]


def test_an_import_that_was_stopped_goes_on_where_it_was(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped in the middle of the third batch: the first two are there, the third is not, none is made twice."""
    deps = quiet_deps(database)
    path, report = numbered(tmp_path, 3 * BATCH + 7), tmp_path / "refused.csv"
    real_token, made = deps.random.token, iter(range(10_000))

    def stopping(size: int = 32) -> str:
        if next(made) > 2 * (2 * BATCH) + BATCH:
            raise KeyboardInterrupt
        return real_token(size)

    monkeypatch.setattr(deps.random, "token", stopping)
    with pytest.raises(KeyboardInterrupt):
        run_import(deps, OPERATOR, path, dry_run=False, report=report)
    assert count(database) == 2 * BATCH
    monkeypatch.setattr(deps.random, "token", real_token)
    run_import(deps, OPERATOR, path, dry_run=False, report=report)
    assert count(database) == 3 * BATCH + 7
    assert not report.exists()


def test_an_import_that_was_killed_goes_on_and_makes_every_account_once(
    database_url: str, database: Database, tmp_path: Path
) -> None:
    environment = settings_of(database_url, tmp_path, IDP_TEST_SIRENS="999000")
    path = numbered(tmp_path, 12 * BATCH)
    with started(environment, "accounts", "import", str(path)) as process:
        while count(database) < BATCH:
            assert process.poll() is None
            let_others_run()
        process.kill()
    made = count(database)
    assert made % BATCH == 0
    again = idp(environment, "accounts", "import", str(path))
    assert (again.returncode, again.stderr) == (0, "")
    assert f"{12 * BATCH} accounts made, 0 already there, 0 refused." in again.stdout
    assert count(database) == 12 * BATCH
