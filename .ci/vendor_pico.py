"""Cut Pico CSS 2 down to the rules our pages use, without images and without its colours (themes give those).

    npm pack @picocss/pico@2.1.1 && python .ci/vendor_pico.py picocss-pico-2.1.1.tgz

writes idp/web/static/pico.css. `WANTED` is what a template may use; a test compares it with the templates.
"""

from __future__ import annotations

import hashlib
import re
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

PINNED = "4affbb56f49df6d5325610b06762156f1dcdbc6ef57cea5c136d7e8a00a8cd24"
MEMBER = "package/css/pico.css"
HEAD = "/*! Pico CSS v2.1.1 (https://picocss.com), copyright 2019-2025, MIT licence; cut by .ci/vendor_pico.py */\n"
TARGET = Path(__file__).resolve().parents[1] / "idp" / "web" / "static" / "pico.css"

WANTED = frozenset(
    """
    html body main header footer nav section article aside div span h1 h2 h3 h4 p a strong em b small code pre abbr
    ul ol li dl dt dd hr br img picture source svg figure figcaption table thead tbody tr th td caption time
    form fieldset legend label input select option textarea button output details summary
    head meta link style script title noscript template address
    .container .grid .secondary .outline .contrast .overflow-auto
    [type=text] [type=password] [type=email] [type=tel] [type=number] [type=submit] [type=button] [type=reset]
    [role=button] [role=group] [aria-invalid] [aria-invalid=true] [aria-current] [disabled] [readonly]
    """.split()
)
"""Check boxes and radio buttons stay the browser's own: Pico draws their ticks with data: URLs."""

UNWANTED_PSEUDO = re.compile(
    r"::?(-webkit-(?!text|search|inner|outer)|-moz-(?!focus)|host|placeholder-shown|picker)|\[data-"
)
VARIABLE = re.compile(r"var\((--pico-[\w-]+)")


def main() -> None:
    archive = Path(sys.argv[1])
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != PINNED:
        sys.exit(f"{archive} is not @picocss/pico 2.1.1: its SHA-256 is {digest}")
    with tarfile.open(archive) as packed:
        member = packed.extractfile(MEMBER)
        assert member is not None
        css = member.read().decode()
    TARGET.write_text(cut(css))
    print(f"{TARGET.name}: {len(css)} bytes became {TARGET.stat().st_size}")


def cut(css: str) -> str:
    """The same style sheet with only the wanted rules, on one line each."""
    rules = list(wanted_rules(re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)))
    rules = without_unused_variables(rules)
    return HEAD + "\n".join(written(rule) for rule in rules) + "\n"


Rule = tuple[str, str, tuple[tuple[str, str], ...]]
"""Media query (or ""), selectors, declarations."""


def written(rule: Rule) -> str:
    media, selectors, declarations = rule
    body = f"{selectors}{{{';'.join(f'{name}:{value}' for name, value in declarations)}}}"
    return f"{media}{{{body}}}" if media else body


def wanted_rules(css: str) -> Iterator[Rule]:
    for prelude, body in blocks(css):
        if prelude.startswith("@media"):
            for selectors, inner in blocks(body):
                yield from wanted_rule(prelude, selectors, inner)
        elif not prelude.startswith("@"):
            yield from wanted_rule("", prelude, body)


def wanted_rule(media: str, selectors: str, body: str) -> Iterator[Rule]:
    kept = [tidy(selector) for selector in split(selectors, ",") if is_wanted(selector)]
    declarations = tuple(
        (name.strip(), tidy(value))
        for name, _, value in (item.partition(":") for item in split(body, ";") if item.strip())
        if "url(" not in value and "--pico-icon-" not in value and not name.strip().startswith("--pico-icon-")
    )
    if kept and declarations:
        yield tidy(media), ",".join(kept), declarations


def is_wanted(selector: str) -> bool:
    """Whether everything a selector asks for may occur; what is inside :not() does not matter."""
    if UNWANTED_PSEUDO.search(selector):
        return False
    positive = without_functions(selector, "not")
    for function in ("is", "where"):
        for inside in functions(positive, function):
            if not any(is_wanted(option) for option in split(inside, ",")):
                return False
        positive = without_functions(positive, function)
    names = re.findall(
        r"(?<![\w.:\[=#-])[a-z][a-z0-9]*(?![\w=\]-])|\.[\w-]+|\[[^\]]*\]",
        re.sub(r"::?[\w-]+(\([^)]*\))?", "", positive),
    )
    return all(name.replace('"', "") in WANTED for name in names)


def functions(selector: str, name: str) -> list[str]:
    return [inside for _, inside, _ in spans(selector, name)]


def without_functions(selector: str, name: str) -> str:
    for start, _, end in reversed(spans(selector, name)):
        selector = selector[:start] + selector[end:]
    return selector


def spans(selector: str, name: str) -> list[tuple[int, str, int]]:
    """Start, inside and end of each outermost `:name(...)`."""
    found = []
    at = selector.find(f":{name}(")
    while at >= 0:
        begin = end = at + len(name) + 2
        depth = 1
        while depth:
            depth += {"(": 1, ")": -1}.get(selector[end], 0)
            end += 1
        found.append((at, selector[begin : end - 1], end))
        at = selector.find(f":{name}(", end)
    return found


def blocks(css: str) -> Iterator[tuple[str, str]]:
    """Each `prelude { body }` of the outermost level."""
    start = at = 0
    while at < len(css):
        if css[at] in "\"'":
            at = css.index(css[at], at + 1)
        elif css[at] == ";":
            start = at + 1
        elif css[at] == "{":
            end = closing(css, at)
            yield css[start:at].strip(), css[at + 1 : end]
            start, at = end + 1, end
        at += 1


def closing(css: str, at: int) -> int:
    depth = 0
    while True:
        if css[at] in "\"'":
            at = css.index(css[at], at + 1)
        depth += {"{": 1, "}": -1}.get(css[at], 0)
        if depth == 0:
            return at
        at += 1


def split(text: str, by: str) -> list[str]:
    """`text` at each `by` that is neither quoted nor inside brackets."""
    parts, depth, quote, start = [], 0, "", 0
    for at, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign == by and depth == 0:
            parts.append(text[start:at])
            start = at + 1
        else:
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(sign, 0)
    return [part.strip() for part in (*parts, text[start:]) if part.strip()]


def without_unused_variables(rules: list[Rule]) -> list[Rule]:
    """Drop custom properties that no kept declaration reads, until none is left to drop."""
    while True:
        used = {name for rule in rules for _, value in rule[2] for name in VARIABLE.findall(value)}
        kept = [
            (media, selectors, tuple(item for item in items if not item[0].startswith("--") or item[0] in used))
            for media, selectors, items in rules
        ]
        kept = [rule for rule in kept if rule[2]]
        if kept == rules:
            return rules
        rules = kept


def tidy(text: str) -> str:
    return re.sub(r"\s*([,>])\s*", r"\1", re.sub(r"\s+", " ", text.strip()))


if __name__ == "__main__":
    main()
