"""The style sheets every page carries: small, without pictures, complete."""

from __future__ import annotations

import gzip
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "idp" / "web" / "static"
TEMPLATES = ROOT / "idp" / "web" / "templates"
PICO = (STATIC / "pico.css").read_text()


def test_pico_is_cut_to_six_kilobytes() -> None:
    assert len(gzip.compress(PICO.encode(), 9)) <= 6_000


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.css")), ids=lambda path: path.name)
def test_a_style_sheet_fetches_nothing(path: Path) -> None:
    assert re.findall(r"url\(|data:|@import|https?://(?!picocss\.com)", path.read_text()) == []


def test_every_property_that_is_read_is_set() -> None:
    """Pico's colours are taken out: theme.css gives each of them from the theme's own."""
    sheets = PICO + (STATIC / "theme.css").read_text()
    read = set(re.findall(r"var\((--pico-[\w-]+)\)", sheets))
    assert read - set(re.findall(r"(--pico-[\w-]+)\s*:", sheets)) == set()


def test_templates_use_only_what_pico_was_cut_to() -> None:
    """When a page needs more, widen WANTED in .ci/vendor_pico.py and vendor again."""
    wanted = vendor_script().WANTED
    tags = {
        tag
        for path in TEMPLATES.rglob("*.html")
        for tag in re.findall(
            r"<([a-z][a-z0-9]*)", re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", path.read_text(), flags=re.S)
        )
    }
    assert tags - wanted == set()


def test_the_cut_keeps_what_is_wanted_and_drops_the_rest() -> None:
    css = """@charset "UTF-8"; /* x { y } */
    dialog { a: b } button, dialog button { color: var(--pico-x); background: url("data:a;b{}") }
    :root { --pico-x: red; --pico-y: blue } @media (a) { progress { c: d } main { e: f } }
    input:not([type=checkbox], [type=range]) { g: h } [type=checkbox] { i: j } [data-theme=dark] { --pico-x: k }"""
    kept = vendor_script().cut(css).splitlines()[1:]
    assert kept == [
        "button{color:var(--pico-x)}",
        ":root{--pico-x:red}",
        "@media (a){main{e:f}}",
        "input:not([type=checkbox],[type=range]){g:h}",
    ]


def vendor_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("vendor_pico", ROOT / ".ci" / "vendor_pico.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
