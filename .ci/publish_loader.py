"""Write one version of the login widget's loader from its source: a classic script, a module and their types.

    python .ci/publish_loader.py

The folder is the VERSION that the source names. What is published never changes: partners pin its digest, so another
text under the same version is refused. `--unreleased` is for a version that no release of ours holds yet.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import minify

FOLDER = Path(__file__).resolve().parents[1] / "idp" / "web" / "loader"
PUBLISHED = FOLDER / "published"
MANIFEST = PUBLISHED / "manifest.json"
HOW_TO = FOLDER.parents[2] / "docs" / "how-to" / "embed-the-widget.md"
MOST_BYTES = 4096
"""Of each script, gzipped."""


def main() -> None:
    source, types = (FOLDER / f"mire-login.{kind}" for kind in ("mjs", "d.ts"))
    version, files = built(source.read_text(), types.read_text())
    for name, text in files.items():
        path = PUBLISHED / version / name
        if path.exists() and path.read_text() != text and "--unreleased" not in sys.argv:
            sys.exit(f"{version} is published and another text: give the source a new VERSION")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        print(f"{path.relative_to(FOLDER)}: {len(text.encode())} bytes, {gzipped(text)} gzipped")
        if not name.endswith(".ts") and gzipped(text) > MOST_BYTES:
            sys.exit(f"at most {MOST_BYTES} bytes gzipped")
    MANIFEST.write_text(json.dumps(manifest(PUBLISHED), indent=2) + "\n")
    HOW_TO.write_text(pinned(HOW_TO.read_text(), json.loads(MANIFEST.read_text())))


def pinned(text: str, manifest: Mapping[str, Any]) -> str:
    """The page with the newest version and its digest in every script tag; its portals are run as written."""
    latest = manifest["latest"]
    integrity = manifest["versions"][latest]["mire-login.js"]["integrity"]
    tag = r'/w/[0-9.]+/mire-login\.js"(\s+)integrity="[^"]*"'
    return re.sub(tag, rf'/w/{latest}/mire-login.js"\1integrity="{integrity}"', text)


def built(source: str, types: str) -> tuple[str, Mapping[str, str]]:
    """The version, and the text of each of its files. One body, of which each script is a wrapping: an expression
    whose value is the object of what the source exports."""
    version = constant(source, "VERSION")
    names = ",".join(exported(source))
    body = f"(()=>{{{re.sub('^export ', '', source, flags=re.MULTILINE)};return{{{names}}}}})()"
    head, body = f"/*! mire-login {version}, Apache-2.0 */\n", minify.string("application/javascript", body)
    scripts = {
        "mire-login.js": f'{head}"use strict";globalThis.Mire=Object.freeze({body});\n',
        "mire-login.mjs": f"{head}export const{{{names}}}={body};\n",
    }
    return version, scripts | {"mire-login.d.ts": types}


def constant(source: str, name: str) -> str:
    """What the source gives to `name`, written as JSON is."""
    found = re.search(rf"^export const {name} = (.+);$", source, re.MULTILINE)
    assert found is not None, f"the source exports no {name}"
    return str(json.loads(found[1]))


def exported(source: str) -> Iterator[str]:
    """The names that the source exports, each at the beginning of a line."""
    yield from re.findall(r"^export (?:const|(?:async )?function) (\w+)", source, re.MULTILINE)


def manifest(published: Path) -> Mapping[str, Any]:
    """Every published version with the digests that partners pin (Subresource Integrity)."""
    folders = sorted((path for path in published.iterdir() if path.is_dir()), key=lambda path: numbers(path.name))
    return {
        "latest": folders[-1].name,
        "versions": {
            folder.name: {path.name: described(path) for path in sorted(folder.iterdir())} for folder in folders
        },
    }


def described(path: Path) -> Mapping[str, Any]:
    """A file's digest and weight."""
    content = path.read_bytes()
    digest = base64.b64encode(hashlib.sha384(content).digest()).decode()
    return {"integrity": f"sha384-{digest}", "bytes": len(content)}


def numbers(version: str) -> tuple[int, ...]:
    """What versions are ordered by."""
    return tuple(map(int, version.split(".")))


def gzipped(text: str) -> int:
    """What goes over the wire."""
    return len(gzip.compress(text.encode(), 9))


if __name__ == "__main__":
    main()
