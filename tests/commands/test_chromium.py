"""`.ci/chromium`: the browser that is here, else the system's, else Playwright's."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / ".ci" / "chromium"
SAY = 'echo "${0##*/} $*" >> "$SAID"'
ROOT, SOMEBODY = "echo 0", "echo 1000"
FAILS = f"{SAY}; exit 100"
BRINGS_ONE = f'{SAY}; [ "$1" = update ] || {{ echo "#!/bin/sh" > "$PATH/chromium"; /bin/chmod +x "$PATH/chromium"; }}'
APT = ["apt-get update -qq", "apt-get install -qq -y --no-install-recommends chromium"]


@pytest.mark.parametrize(
    ("machine", "done"),
    [
        ({"chromium": "exit 0", "id": ROOT}, []),
        ({"google-chrome": "exit 0", "id": SOMEBODY}, []),
        ({"chromium": "exit 127", "id": ROOT, "apt-get": SAY}, [*APT, "playwright install --with-deps chromium"]),
        ({"id": ROOT, "apt-get": BRINGS_ONE}, APT),
        ({"id": ROOT, "apt-get": FAILS}, [APT[0], "playwright install --with-deps chromium"]),
        ({"id": ROOT}, ["playwright install chromium"]),
        ({"id": SOMEBODY, "apt-get": SAY}, ["playwright install chromium"]),
    ],
    ids=["installed", "another", "a broken one", "by apt", "apt fails", "no apt", "no rights"],
)
def test_a_browser_is_found_or_installed(tmp_path: Path, machine: dict[str, str], done: list[str]) -> None:
    assert (0, "", done) == run(tmp_path, {**machine, "playwright": SAY})


def test_what_playwright_has_is_enough(tmp_path: Path) -> None:
    assert (0, "", []) == run(tmp_path, {"id": ROOT, "python": "exit 0", "apt-get": SAY})


def test_no_browser_and_no_network_get_one_sentence(tmp_path: Path) -> None:
    status, said, _ = run(tmp_path, {"id": SOMEBODY, "playwright": FAILS})
    assert (1, "No Chromium is here and none could be installed: is there a network?") == (status, said)


def run(folder: Path, machine: dict[str, str]) -> tuple[int, str, list[str]]:
    """The script's status, its last word and what it called, on a machine that has these commands alone."""
    for name, body in {"python": "exit 1", **machine}.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    log = folder / "said"
    log.touch()
    ran = subprocess.run(
        ["/bin/sh", str(SCRIPT), str(folder)],
        env={"PATH": str(folder), "SAID": str(log)},
        capture_output=True,
        text=True,
        check=False,
    )
    told = [line for line in ran.stderr.splitlines() if "with apt" not in line]
    return ran.returncode, "".join(told), log.read_text().splitlines()
