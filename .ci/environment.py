"""Makes .venv, puts one requirements file and this package into it, and compiles our modules. Standard library only.

What is installed is pinned and hashed, wheels only: no compiler is needed. Every expected failure is one sentence.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PIP_URL = (
    "https://files.pythonhosted.org/packages/07/25/"
    "ee8c38ae72d66b844ce8eb9711ba905dba21ca1a8a0c960057c41cd23337/pip-26.3-py3-none-any.whl"
)
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
COMPILED = ("idp", "migrations")
SIGNS_OF_NO_NETWORK = (
    "Failed to establish a new connection",
    "Temporary failure in name resolution",
    "Name or service not known",
    "Network is unreachable",
    "Connection to ",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyError",
    "(from versions: none)",
)


class CannotPrepare(Exception):
    """The one sentence that the person at the keyboard needs."""


def main(arguments: Sequence[str]) -> int:
    """`environment.py VENV REQUIREMENTS`: after it, VENV holds the requirements and `bin/idp`."""
    venv, requirements = Path(arguments[0]).absolute(), Path(arguments[1]).absolute()
    try:
        prepare(venv, requirements)
    except CannotPrepare as problem:
        print(problem, file=sys.stderr)
        return 1
    compile_modules(venv)
    return 0


def prepare(venv: Path, requirements: Path) -> None:
    """Nothing happens when this version of the requirements is installed already."""
    stamp = venv / ".installed"
    wanted = f"{requirements.name} {fingerprint(requirements)}"
    done = stamp.read_text().splitlines() if stamp.exists() else []
    if wanted in done and (venv / "bin" / "python").exists():
        return
    if not done or not (venv / "bin" / "python").exists():
        make_venv(venv)
    print(f"Installing {requirements.name} into {venv.name} ...", file=sys.stderr, flush=True)
    pip = pip_command(venv)
    install(venv, [*pip, "install", "--require-hashes", "--only-binary=:all:", "--requirement", str(requirements)])
    if b"setuptools==" in requirements.read_bytes():
        install(venv, [*pip, "install", "--no-index", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    stamp.write_text("\n".join([*done, wanted]) + "\n")


def compile_modules(venv: Path) -> None:
    """Bytecode of our modules, as pip makes it of all others: without, whoever may not write beside them (a service
    user, PYTHONDONTWRITEBYTECODE) compiles them at each start, a quarter of it. All works without."""
    command = [str(venv / "bin" / "python"), "-m", "compileall", "-qq", *COMPILED]
    with suppress(OSError):
        subprocess.run(command, check=False, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def fingerprint(requirements: Path) -> str:
    """What was asked for: the pins, and the metadata that makes `bin/idp`."""
    return hashlib.sha256(requirements.read_bytes() + (ROOT / "setup.cfg").read_bytes()).hexdigest()


def make_venv(venv: Path) -> None:
    """A virtual environment; without pip where Debian has taken ensurepip out (package python3-venv)."""
    command = [sys.executable, "-m", "venv", "--clear", str(venv)]
    if not has_ensurepip():
        command.append("--without-pip")
    if subprocess.run(command, check=False, stdout=sys.stderr).returncode:
        raise CannotPrepare(f"Python could not make {venv}: is the disk full or the folder read-only?")


def has_ensurepip() -> bool:
    """Whether this Python carries its own pip."""
    return all(importlib.util.find_spec(name) is not None for name in ("ensurepip", "ensurepip._bundled"))


def pip_command(venv: Path) -> list[str]:
    """How to call pip in this environment."""
    python = str(venv / "bin" / "python")
    if subprocess.run([python, "-m", "pip", "--version"], check=False, capture_output=True).returncode == 0:
        return [python, "-m", "pip"]
    return [python, str(fetch_pip(venv) / "pip")]


def fetch_pip(venv: Path) -> Path:
    """pip's own wheel, which runs from the zip file; refused unless it is the pinned one."""
    wheel = venv / PIP_URL.rpartition("/")[2]
    if not wheel.exists():
        wheel.write_bytes(pinned(download(PIP_URL), PIP_SHA256))
    return wheel


def download(url: str) -> bytes:
    """The bytes at this address."""
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return bytes(answer.read())
    except (OSError, HTTPException):
        raise CannotPrepare(f"pip could not be fetched from {url}: is there a network?") from None


def pinned(content: bytes, sha256: str) -> bytes:
    """The content, if it is what was pinned."""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise CannotPrepare("What was fetched as pip is not the pinned file; nothing of it was run.")
    return content


def install(venv: Path, command: Sequence[str]) -> None:
    """Run pip quietly; its words are shown only when they are not about the network."""
    environment = {
        **os.environ,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
    }
    with tempfile.TemporaryFile("w+") as log:
        done = subprocess.run(command, check=False, stdout=log, stderr=log, env=environment)
        log.seek(0)
        words = log.read()
    if done.returncode == 0:
        return
    if any(sign in words for sign in SIGNS_OF_NO_NETWORK):
        raise CannotPrepare("The requirements could not be fetched: is there a network to the package index?")
    raise CannotPrepare(f"{words}\npip could not install the requirements into {venv}; its words are above.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
