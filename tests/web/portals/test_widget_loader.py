"""The login widget's loader: what partners pin, and how it is served."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest
from flask import Flask

from bench.loader_size import MOST_BYTES, loader_sizes
from idp.store.database import Database
from tests.quiet import quiet_app, quiet_deps

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "idp" / "web" / "loader"
PUBLISHED = sorted(path for path in (FOLDER / "published").rglob("*") if path.parent.name != "published")
SCRIPTS = [path for path in PUBLISHED if path.suffix != ".ts"]
MANIFEST = json.loads((FOLDER / "published" / "manifest.json").read_text())
SOURCE = (FOLDER / "mire-login.mjs").read_text()
PAGE = (ROOT / "docs" / "reference" / "widget.md").read_text()
FORBIDDEN = (
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|createContextualFragment|DOMParser|setHTML",
    r"\beval\b|\bFunction\s*\(|setTimeout\(\s*['\"]|javascript:|import\s*\(",
    r"setAttribute\(\s*['\"](?:style|on)|document\.cookie|localStorage|sessionStorage|indexedDB",
    r"postMessage\([^;]*['\"]\*['\"]|currentScript|sourceMappingURL",
)
"""What no strict policy of a partner allows, and what a loader has no business with."""


@pytest.fixture
def app(database: Database) -> Flask:
    return quiet_app(quiet_deps(database))


def named(path: Path) -> str:
    return f"{path.parent.name}-{path.name}"


def publishing() -> ModuleType:
    spec = importlib.util.spec_from_file_location("publish_loader", ROOT / ".ci" / "publish_loader.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_published_files_are_made_of_the_source() -> None:
    """A changed source needs a new VERSION: what is published under the old one is pinned by partners."""
    version, files = publishing().built(SOURCE, (FOLDER / "mire-login.d.ts").read_text())
    assert files == {name: (FOLDER / "published" / version / name).read_text() for name in files}


def test_what_is_published_is_not_written_over() -> None:
    """The control of the test above: another source gives other bytes under the same version."""
    version, files = publishing().built(SOURCE.replace("6000", "9000"), "")
    published = FOLDER / "published" / version
    assert {"mire-login.js", "mire-login.mjs", "mire-login.d.ts"} == {
        name for name, text in files.items() if text != (published / name).read_text()
    }


def test_the_manifest_has_the_digest_of_every_file() -> None:
    """WIDGET 4.2: `/w/manifest.json` lists versions and sha384."""
    digests = {
        (path.parent.name, path.name): "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()
        for path in PUBLISHED
    }
    assert digests == {
        (version, name): file["integrity"]
        for version, files in MANIFEST["versions"].items()
        for name, file in files.items()
    }


@pytest.mark.parametrize("path", SCRIPTS, ids=named)
def test_a_script_weighs_at_most_four_kilobytes(path: Path) -> None:
    """WIDGET 4.14, the hard limit."""
    size = next(size for size in loader_sizes() if size.name == named(path).replace("-", "/", 1))
    assert size.gzipped <= MOST_BYTES == 4096


@pytest.mark.parametrize("path", [FOLDER / "mire-login.mjs", *SCRIPTS], ids=named)
def test_a_script_calls_nothing_that_a_strict_policy_forbids(path: Path) -> None:
    assert [] == [found for pattern in FORBIDDEN for found in re.findall(pattern, path.read_text())]


@pytest.mark.parametrize(
    "text", ["a.innerHTML = b", "eval(a)", 'frame.setAttribute("style", a)', 'a.postMessage(b, "*")', "localStorage.a"]
)
def test_the_forbidden_is_recognised(text: str) -> None:
    """Control."""
    assert any(re.search(pattern, text) for pattern in FORBIDDEN)


@pytest.mark.parametrize("path", PUBLISHED, ids=named)
def test_a_version_is_served_to_any_origin_and_kept_forever(app: Flask, path: Path) -> None:
    """WIDGET 4.2: CORS `*`, CORP cross-origin, one year, immutable."""
    answer = app.test_client().get(f"/w/{path.parent.name}/{path.name}")
    assert (200, path.read_bytes()) == (answer.status_code, answer.data)
    assert "public, max-age=31536000, immutable" == answer.headers["Cache-Control"]
    assert ("*", "cross-origin", "nosniff") == (
        answer.headers["Access-Control-Allow-Origin"],
        answer.headers["Cross-Origin-Resource-Policy"],
        answer.headers["X-Content-Type-Options"],
    )
    kind = "application/typescript" if path.suffix == ".ts" else "text/javascript"
    assert f"{kind}; charset=utf-8" == answer.headers["Content-Type"]
    assert "Set-Cookie" not in answer.headers


def test_the_evergreen_address_is_the_newest_for_five_minutes(app: Flask) -> None:
    newest = (FOLDER / "published" / MANIFEST["latest"] / "mire-login.js").read_bytes()
    answer = app.test_client().get(f"/w/{MANIFEST['latest'].split('.')[0]}/mire-login.js")
    assert (newest, "public, max-age=300") == (answer.data, answer.headers["Cache-Control"])


def test_the_manifest_is_served(app: Flask) -> None:
    answer = app.test_client().get("/w/manifest.json")
    assert (MANIFEST, "public, max-age=300", "*") == (
        answer.json,
        answer.headers["Cache-Control"],
        answer.headers["Access-Control-Allow-Origin"],
    )


@pytest.mark.parametrize("path", ["/w/9.9.9/mire-login.js", "/w/1.0.0/other.js", "/w/1.0.0/", "/w/../loader"])
def test_nothing_else_is_there(app: Flask, path: str) -> None:
    assert 404 == app.test_client().get(path).status_code


@pytest.mark.parametrize("name", re.findall(r'^  "([a-z-]+)",$', SOURCE, re.MULTILINE))
def test_the_reference_lists_every_attribute(name: str) -> None:
    assert f"| `{name}` |" in PAGE


@pytest.mark.parametrize(
    "name",
    [
        *re.findall(r'#emit\("([a-z]+)"', SOURCE),
        *re.findall(r'"(ready|resize|success|handover|error|blocked)"', SOURCE),
    ],
)
def test_the_reference_lists_every_event(name: str) -> None:
    assert f"| `mire-login:{name}` |" in PAGE


@pytest.mark.parametrize("reason", re.findall(r'#block\(\S+, "([a-z]+)"\)', SOURCE))
def test_the_reference_lists_every_reason(reason: str) -> None:
    assert f"| `{reason}` |" in PAGE


@pytest.mark.parametrize(
    "name",
    re.findall(r"^  (?:get )?(?!constructor)([a-z]\w+)\(", SOURCE, re.MULTILINE)
    + re.findall(r"^export (?:async )?(?:const|function) (\w+)", SOURCE, re.MULTILINE),
)
def test_the_reference_and_the_types_list_every_member(name: str) -> None:
    if not name.endswith("Callback"):
        assert f"`{name}" in PAGE
        assert re.search(rf"\b{name}\b", (FOLDER / "mire-login.d.ts").read_text())


@pytest.mark.parametrize("name", re.findall(r"^  (\w+): \{.*\},?$", SOURCE, re.MULTILINE))
def test_the_reference_lists_every_message(name: str) -> None:
    assert f"| `{name}` |" in PAGE
