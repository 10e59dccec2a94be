"""What stands between a bare machine and the first command: each hindrance is one clear sentence."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("environment", ROOT / ".ci" / "environment.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


environment = load()


def make(target: str, tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    arguments = [f"{name}={value}" for name, value in {"VENV": str(tmp_path / "venv"), **variables}.items()]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "PIP_", "MFLAGS"))}
    return subprocess.run(
        ["make", "--no-print-directory", target, *arguments],
        cwd=ROOT,
        env={**kept, "PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0"},
        capture_output=True,
        text=True,
        check=False,
    )


def last_words(run: subprocess.CompletedProcess[str]) -> str:
    """What the person reads: everything but make's own closing line."""
    return "\n".join(line for line in run.stderr.splitlines() if not line.startswith(("make", "Installing")))


def test_help_is_what_make_does_without_a_word() -> None:
    said = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.findall(r"make ([a-z-]+)", said.stdout) == [
        "help", "demo", "run", "test", "check", "bench", "interop", "conformance-target", "lock",
    ]  # fmt: skip


def test_an_old_python_gets_one_sentence(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo "Python 3.9.2" && exit\nexit 1\n')
    old.chmod(0o755)
    run = make("demo", tmp_path, PYTHON=str(old))
    assert (run.returncode, last_words(run)) == (2, f"Python 3.11 or newer is needed, and {old} is Python 3.9.2.")


def test_a_missing_python_gets_one_sentence(tmp_path: Path) -> None:
    run = make("demo", tmp_path, PYTHON="/nowhere/python3")
    assert last_words(run) == "Python 3.11 or newer is needed, and /nowhere/python3 is not here."


def test_no_network_gets_one_sentence(tmp_path: Path) -> None:
    run = make("demo", tmp_path, PYTHON=sys.executable)
    assert last_words(run) == "The requirements could not be fetched: is there a network to the package index?"


def test_our_modules_are_compiled_for_whoever_may_not_write_beside_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    for folder in ("idp", "migrations"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "module.py").write_text("")
    (tmp_path / "migrations" / "__pycache__").write_text("in the way")
    environment.compile_modules(Path(sys.prefix))
    assert list((tmp_path / "idp" / "__pycache__").glob("module.*.pyc"))
    assert (tmp_path / "migrations" / "__pycache__").read_text() == "in the way", "nothing is said, and nothing breaks"


def test_pip_is_not_fetched_without_network() -> None:
    with pytest.raises(environment.CannotPrepare, match=r"is there a network\?$"):
        environment.download("https://127.0.0.1:9/pip.whl")


def test_only_the_pinned_pip_is_run() -> None:
    good = b"the wheel"
    assert environment.pinned(good, hashlib.sha256(good).hexdigest()) == good
    with pytest.raises(environment.CannotPrepare, match="nothing of it was run"):
        environment.pinned(b"another wheel", hashlib.sha256(good).hexdigest())


def test_a_python_without_ensurepip_gets_an_environment_without_pip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "has_ensurepip", lambda: False)
    environment.make_venv(tmp_path / "venv")
    assert (tmp_path / "venv/bin/python").exists()
    assert not (tmp_path / "venv/bin/pip").exists()


def test_what_is_installed_already_is_not_installed_again(tmp_path: Path) -> None:
    requirements = ROOT / "requirements.txt"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").touch()
    (tmp_path / ".installed").write_text(f"{requirements.name} {environment.fingerprint(requirements)}\n")
    before = sorted(tmp_path.rglob("*"))
    assert (environment.main([str(tmp_path), str(requirements)]), sorted(tmp_path.rglob("*"))) == (0, before)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-demo.txt", "requirements-test.txt"])
def test_every_requirement_is_exact_and_hashed_and_names_no_host(name: str) -> None:
    entries = (ROOT / name).read_text().replace("\\\n", " ").splitlines()
    pinned = re.compile(r"[a-z0-9._-]+==[^ ]+( ; [^-]+)?( +--hash=sha256:[0-9a-f]{64})+ *")
    assert [entry for entry in entries if entry and not entry.startswith("#") and not pinned.fullmatch(entry)] == []
    assert "://" not in "".join(entries)


@pytest.mark.parametrize(
    ("name", "extras"),
    [("requirements.txt", ()), ("requirements-demo.txt", ("demo",)), ("requirements-test.txt", ("demo", "test"))],
)
def test_the_pins_are_what_setup_cfg_asks_for(name: str, extras: tuple[str, ...]) -> None:
    """When this fails: make lock."""
    metadata = ConfigParser()
    metadata.read(ROOT / "setup.cfg")
    asked = metadata["options"]["install_requires"].split("\n")
    for extra in extras:
        asked += metadata["options.extras_require"][extra].split("\n")
    pins = dict(re.findall(r"^([a-z0-9._-]+)==([^ ]+)", (ROOT / name).read_text(), re.MULTILINE))
    wanted = [Requirement(line) for line in asked if line.strip()]
    assert [str(each) for each in wanted if pins.get(canonicalize_name(each.name), "0") not in each.specifier] == []


def test_production_gets_nothing_of_the_tests() -> None:
    production = (ROOT / "requirements.txt").read_text()
    assert [name for name in ("pytest==", "playwright==", "requests==", "setuptools==") if name in production] == []
